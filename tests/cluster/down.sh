#!/usr/bin/env bash
# Kills the programs that up.sh started from $CLUSTER_STATE; their state is for one run only, so no one has to say goodbye.
set -euo pipefail
. "$(dirname "$0")/env.sh"

# ours PID: is it a program of a cluster that runs? A PID may have been handed on, and a zombie counts as ended.
ours() { [[ $(readlink "/proc/$1/exe") == "$programs"/* ]]; }
programs=$(readlink -f "$CLUSTER_CACHE/programs" || true)

for name in spark-operator fake-kubelet workflow-controller kube-apiserver etcd; do
  file=$CLUSTER_STATE/$name.pid
  [ -f "$file" ] || continue
  pid=$(cat "$file")
  # The fake kubelet ends its pods' processes first; a hung one is not waited for.
  if [ "$name" = fake-kubelet ] && ours "$pid"; then
    kill "$pid"
    for _ in {1..40}; do
      ours "$pid" || break
      sleep 0.05
    done
  fi
  if ours "$pid"; then kill -9 "$pid"; fi
  while ours "$pid"; do sleep 0.05; done
  rm "$file"
done
