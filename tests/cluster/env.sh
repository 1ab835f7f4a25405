# Settings shared by the scripts; each can be set from outside.
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CLUSTER_CACHE=${CLUSTER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/test-cluster}
SHARED=${EMR2K8S_SHARED:-$HERE/../../../shared}
CLUSTER_CRDS=${CLUSTER_CRDS:-$SHARED/crds}             # more CRDs, where there are any
PYSPARK_VERSION=3.5.7

# checksum PATH...: of the files, with their names for those of a folder
checksum() {
  local path
  for path in "$@"; do
    if [ -d "$path" ]; then
      (cd "$path" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
    else
      sha256sum <"$path"
    fi
  done | sha256sum | cut -c1-12
}

# What build.sh makes of this checkout: links to programs, each cached under a checksum of what it is built from.
if [ -z "${CLUSTER_BIN:-}" ]; then
  sources=("$HERE/argo" "$HERE/control-plane" "$HERE/spark-operator" "$HERE/build.sh" "$HERE/../data/crds/schemas.json")
  if [ -d "$CLUSTER_CRDS" ]; then sources+=("$CLUSTER_CRDS"); fi
  CLUSTER_BIN=$CLUSTER_CACHE/sets/$(checksum "${sources[@]}")
fi
export CLUSTER_CACHE CLUSTER_CRDS CLUSTER_BIN
export CLUSTER_STATE=${CLUSTER_STATE:-$CLUSTER_CACHE/state} # data, logs, PIDs and kubeconfig of the running cluster
export CLUSTER_PORT=${CLUSTER_PORT:-24443}                  # API server; etcd takes the next two
export CLUSTER_SPARK=${CLUSTER_SPARK:-fast}                 # how Spark is submitted: fast | real | off
export CLUSTER_RUNTIME=${CLUSTER_RUNTIME:-}                 # the program that stands for the runtime's image
export CLUSTER_RUNTIME_IMAGE=${CLUSTER_RUNTIME_IMAGE:-'emr2k8s emr2k8s:* emr2k8s@*'} # names of that image, without their registry
export CLUSTER_PROCESSES=${CLUSTER_PROCESSES:-8}            # how many of its pods run at once
export KUBECONFIG=$CLUSTER_STATE/kubeconfig
