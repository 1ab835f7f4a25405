#!/usr/bin/env bash
# Builds every program of the cluster into $CLUSTER_BIN, from Go modules. Nothing is built that an earlier build left in the cache.
# With --spark, also installs Spark's own spark-submit.
set -euo pipefail
. "$(dirname "$0")/env.sh"
programs=$CLUSTER_CACHE/programs
mkdir -p "$programs" "$(dirname "$CLUSTER_BIN")"
work=$(mktemp -d "$CLUSTER_CACHE/build-XXXXXX")
trap 'rm -rf "$work"' EXIT
# One build at a time, so that a second one finds what the first one made.
exec 9>"$CLUSTER_CACHE/lock"
flock 9

in_module() { (cd "$HERE/$1" && shift && GOFLAGS="-mod=readonly -buildvcs=false" "$@"); }

# build MODULE PACKAGE...: one program a package, under the checksum of the module's requirements and the package's own files
build() {
  local module=$1 package name sources missing=()
  shift
  for package in "$@"; do
    name=$(basename "$package")
    sources=("$HERE/$module/go.mod" "$HERE/$module/go.sum")
    if [ -d "$HERE/$module/cmd/$name" ]; then sources+=("$HERE/$module/cmd/$name"); fi
    if [ -d "$HERE/$module/internal" ]; then sources+=("$HERE/$module/internal"); fi
    name=$name-$(checksum "${sources[@]}")
    ln -s "$programs/$name" "$work/set/$(basename "$package")"
    [ -e "$programs/$name" ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "building ${missing[*]}" >&2
  in_module "$module" go build -ldflags "-s -w" -o "$work/built/" "${missing[@]}"
  for package in "${missing[@]}"; do
    name=$(basename "$package")
    mv "$work/built/$name" "$(readlink "$work/set/$name")"
  done
}

if [ ! -e "$CLUSTER_BIN/crds.json" ]; then
  mkdir "$work/set" "$work/built"
  build control-plane k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kubectl ./cmd/etcd ./cmd/slim-crds
  build argo github.com/argoproj/argo-workflows/v4/cmd/workflow-controller ./cmd/fake-kubelet ./cmd/run-cases ./cmd/argo-lint ./cmd/evaluate-expressions
  build spark-operator github.com/kubeflow/spark-operator/v2/cmd/operator ./cmd/fast-submit
  # The first definition of a kind counts: the engines' own, so that no field passes that they do not know.
  argo=$(in_module argo go list -m -f '{{.Dir}}' github.com/argoproj/argo-workflows/v4)
  spark=$(in_module spark-operator go list -m -f '{{.Dir}}' github.com/kubeflow/spark-operator/v2)
  crds=("$argo"/manifests/base/crds/full/argoproj.io_*.yaml "$spark"/config/crd/bases/*.yaml)
  if [ -d "$CLUSTER_CRDS" ]; then crds+=("$CLUSTER_CRDS"/*.yaml); fi
  "$work/set/slim-crds" "${crds[@]}" "$HERE/../data/crds/schemas.json" >"$work/crds.json"
  mv "$work/crds.json" "$work/set/"
  rm -rf "$CLUSTER_BIN"
  mv "$work/set" "$CLUSTER_BIN"
fi
touch "$CLUSTER_BIN"

# What no checkout has used for two weeks goes, and the programs that nothing else needs.
find "$CLUSTER_CACHE/sets" -mindepth 1 -maxdepth 1 -mtime +14 -exec rm -rf {} +
if [ -d "$CLUSTER_CACHE/seeds" ]; then find "$CLUSTER_CACHE/seeds" -mindepth 1 -maxdepth 1 -mtime +14 -exec rm -rf {} +; fi
find "$CLUSTER_CACHE/sets" "$CLUSTER_BIN/" -type l -exec readlink {} + | LC_ALL=C sort -u >"$work/used"
find "$programs" -type f | LC_ALL=C sort | LC_ALL=C comm -23 - "$work/used" | while read -r unused; do rm -f "$unused"; done

spark=$CLUSTER_CACHE/spark-$PYSPARK_VERSION
if [ "${1:-}" = --spark ] && [ ! -d "$spark" ]; then
  python3 -m pip install --quiet --no-deps --no-compile --target "$work/spark" "pyspark==$PYSPARK_VERSION"
  mv "$work/spark" "$spark"
fi
