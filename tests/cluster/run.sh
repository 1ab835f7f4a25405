#!/usr/bin/env bash
# The output on real engines: kustomize, an API server's strict dry run, argo lint, and runs on the Argo controller with the Spark
# Operator. Builds the engines where that was not done, starts them on loopback, stops them. Needs Go, openssl and python3.
#
#   run.sh [SHARED] [NAME=SOURCE...]
#
# Every folder of `fixtures` is a source, and each NAME=SOURCE too; the runs of a source are those of cases/NAME.json.
# SHARED may hold `crds` with more kinds, and `asl-conformance`, outcomes that AWS recorded (else $EMR2K8S_SHARED, else `shared` beside the repository). $EMR2K8S is the program,
# else one is built. $KEEP is a folder for what the checks read and wrote.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
if [ $# -gt 0 ] && [[ $1 != *=* ]]; then
  export EMR2K8S_SHARED=$1
  shift
fi

work=$(mktemp -d)
# Its own ports, so that two checkouts can be tested at once.
CLUSTER_PORT=${CLUSTER_PORT:-$(python3 "$here/cases.py" port)}
export CLUSTER_STATE=$work/state CLUSTER_PORT
cleanup() {
  [ ! -d "$CLUSTER_STATE" ] || "$here/down.sh" || true
  if [ -n "${KEEP:-}" ]; then
    mkdir -p "$KEEP"
    cp -r "$work/out" "$KEEP/" || true
    cp "$CLUSTER_STATE"/*.log "$KEEP/" || true
  fi
  rm -rf "$work"
}
trap cleanup EXIT

program=${EMR2K8S:-}
if [ -z "$program" ]; then
  (cd "$repository" && cargo build --quiet)
  program=${CARGO_TARGET_DIR:-$repository/target}/debug/emr2k8s
fi
CLUSTER_BIN=$(. "$here/env.sh" && echo "$CLUSTER_BIN")
SHARED=$(. "$here/env.sh" && echo "$SHARED")
export CLUSTER_BIN
# What runs for pods of `emr2k8s eval`: the program, but a script for those of the engine's own tests.
cat >"$work/runtime" <<S
#!/bin/sh
if [ "\$2" = stand-in ]; then exec '$here/engine/runtime.sh' "\$@"; fi
exec '$(readlink -f "$program")' "\$@"
S
chmod +x "$work/runtime"
eval "$(CLUSTER_RUNTIME=$work/runtime "$here/up.sh")"
export KUBECACHEDIR=$work/kube-cache
mkdir -p "$work/out"
kubectl() { "$CLUSTER_BIN/kubectl" "$@"; }

passed=0 failed=0 runs=()
# check WHAT COMMAND...: one check; its words are shown when it fails
check() {
  local what=$1
  shift
  if "$@" >"$work/said" 2>&1; then
    passed=$((passed + 1))
    echo "ok      $what"
  else
    failed=$((failed + 1))
    echo "FAILED  $what"
    sed 's/^/        /' "$work/said"
  fi
}

dry_run() { kubectl apply --dry-run=server --validate=strict "$@"; }
# Create works on names that a generated name would have, apply would look for an earlier object.
dry_create() { kubectl create --dry-run=server --validate=strict "$@"; }

# judge_overlay NAME FOLDER: all checks of one overlay; leaves its objects as JSON
judge_overlay() {
  local label=$1 folder=$2 base=$3
  check "$label: kustomize" kubectl kustomize "$folder" -o "$base.yaml"
  [ -s "$base.yaml" ] || return 0
  kubectl create --dry-run=client --validate=ignore -o json -f "$base.yaml" >"$base.json"
  local namespace
  for namespace in $(python3 "$here/cases.py" namespaces "$base.json"); do
    kubectl get namespace "$namespace" >/dev/null 2>&1 || kubectl create namespace "$namespace" >/dev/null
  done
  check "$label: dry run" dry_run -f "$base.yaml"
  python3 "$here/cases.py" argo "$base.json" >"$base-argo.yaml"
  if [ -s "$base-argo.yaml" ]; then
    check "$label: argo lint" "$CLUSTER_BIN/argo-lint" "$base-argo.yaml"
  fi
  python3 "$here/cases.py" resources "$base.json" >"$base-resources.yaml"
  if [ -s "$base-resources.yaml" ]; then
    check "$label: dry run of what its templates create" dry_create -n default -f "$base-resources.yaml"
  fi
}

# judge NAME SOURCE
judge() {
  local name=$1 source=$2 out=$work/out/$1 config=()
  mkdir -p "$work/out/$name.built"
  if [ -f "$source/../emr2k8s.yaml" ]; then config=(--config "$source/../emr2k8s.yaml"); fi
  local code=0
  "$program" migrate "$source" --out "$out" "${config[@]}" >"$work/migrated" 2>&1 || code=$?
  # 2 is for sources that a person must mend; what could be migrated is judged all the same.
  if [ "$code" -gt 2 ] || { [ ! -d "$out" ] && [ -f "$here/cases/$name.json" ]; }; then
    check "$name: migrate, exit code $code" bash -c 'tail -5 "$1"; exit 1' - "$work/migrated"
  fi
  if [ ! -d "$out" ]; then
    echo "--      $name: migrate wrote nothing, exit code $code"
    return 0
  fi
  if [ -d "$out/apps" ]; then
    check "$name: apps, dry run" dry_run -f "$out/apps"
  fi
  local overlay pipeline stage
  for overlay in "$out"/pipelines/*/overlays/*/; do
    [ -d "$overlay" ] || continue
    stage=$(basename "$overlay")
    pipeline=$(basename "$(dirname "$(dirname "$overlay")")")
    judge_overlay "$name, $pipeline, $stage" "$overlay" "$work/out/$name.built/$pipeline.$stage"
  done
  if [ -f "$here/cases/$name.json" ]; then
    python3 "$here/cases.py" build "$here/cases/$name.json" "$work/out/$name.built" "$work/cases/$name"
  fi
}

check "engine: Go tests" bash -c 'cd "$1" && GOFLAGS=-mod=readonly go test ./internal/...' - "$here/argo"
check "engine: gofmt" bash -c 'found=$(gofmt -l "$1"); echo "$found"; [ -z "$found" ]' - "$here"
check "expressions: Argo's engine gives what the interpreter gives" env EXPRESSIONS="$CLUSTER_BIN/evaluate-expressions" \
  cargo test --quiet --manifest-path "$repository/Cargo.toml" --test expressions -- --nocapture
for case in "$here"/engine/*.yaml; do
  check "engine: $(basename "$case" .yaml)" "$CLUSTER_BIN/run-cases" -quiet "$case"
done
kubectl create namespace argocd >/dev/null
for fixture in "$repository"/fixtures/*/; do
  [ -d "$fixture/source" ] && judge "$(basename "$fixture")" "${fixture%/}/source"
done
for argument in "$@"; do
  judge "${argument%%=*}" "${argument#*=}"
done

# All runs at once, so that their waits overlap.
for folder in "$work"/cases/*/; do
  [ -d "$folder" ] || continue
  name=$(basename "$folder")
  echo "$name" >>"$work/runs"
  "$CLUSTER_BIN/run-cases" -timeout 3m "$folder" >"$work/out/$name.results" 2>>"$work/runs.log" &
  runs+=($!)
done
[ ${#runs[@]} -eq 0 ] || wait "${runs[@]}" || true
while read -r name; do
  while IFS=$'\t' read -r id problem; do
    check "$name: run, $id" python3 -c 'import sys; sys.exit(sys.argv[1] or 0)' "$problem"
  done < <(python3 "$here/cases.py" judge "$here/cases/$name.json" "$work/out/$name.results")
done < <(cat "$work/runs" 2>/dev/null || true)

# State machines against what AWS recorded, and against the interpreter.
recordings=$SHARED/asl-conformance conformance=()
if [ -d "$recordings" ]; then
  conformance=(--recordings "$recordings" --table "$repository/docs/conformance.md")
else
  echo "SKIPPED: no recordings at $recordings; only our own cases run, docs/conformance.md is not compared"
fi
check "conformance" python3 "$here/conformance.py" --program "$program" --bin "$CLUSTER_BIN" --work "$work/out/conformance" "${conformance[@]}"
tail -1 "$work/said" | sed 's/^/        /'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
