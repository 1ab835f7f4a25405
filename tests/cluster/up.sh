#!/usr/bin/env bash
# Builds the cluster where that was not done, starts it on loopback ports and returns when it is ready. State left by an earlier run is
# thrown away.
set -euo pipefail
. "$(dirname "$0")/env.sh"
"$HERE/down.sh"
"$HERE/build.sh"
rm -rf "$CLUSTER_STATE"
mkdir -p "$CLUSTER_STATE/spark-home/bin"
cd "$CLUSTER_STATE"
export KUBECACHEDIR=$CLUSTER_STATE/kube-cache
kubectl() { "$CLUSTER_BIN/kubectl" "$@"; }

# run NAME COMMAND...: starts a program in the background, with its log and PID beside the state
run() {
  local name=$1
  shift
  "$@" >"$name.log" 2>&1 &
  echo $! >"$name.pid"
  disown
}

# await WHAT SECONDS COMMAND...: repeats the command until it succeeds
await() {
  local what=$1 end=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { echo "up.sh: $what is not ready, see $CLUSTER_STATE" >&2; exit 1; }
    sleep 0.2
  done
}

openssl genrsa -out sa.key 2048 2>/dev/null
token=$(openssl rand -hex 16)
echo "$token,admin,admin,system:masters" >tokens.csv
chmod 600 tokens.csv
cat >kubeconfig <<Y
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:$CLUSTER_PORT", certificate-authority: certs/apiserver.crt}}]
users: [{name: u, user: {token: "$token"}}]
contexts: [{name: x, context: {cluster: c, user: u, namespace: default}}]
current-context: x
Y
chmod 600 kubeconfig

# serve starts etcd and the API server.
serve() {
  local etcd_url=http://127.0.0.1:$((CLUSTER_PORT + 1))
  run etcd "$CLUSTER_BIN/etcd" --data-dir etcd --client-url "$etcd_url" --peer-url "http://127.0.0.1:$((CLUSTER_PORT + 2))"
  run kube-apiserver "$CLUSTER_BIN/kube-apiserver" \
    --etcd-servers="$etcd_url" --bind-address=127.0.0.1 --advertise-address=127.0.0.1 --secure-port="$CLUSTER_PORT" \
    --cert-dir=certs --token-auth-file=tokens.csv --authorization-mode=AlwaysAllow \
    --service-account-issuer=https://oracle --service-account-key-file=sa.key --service-account-signing-key-file=sa.key \
    --service-cluster-ip-range=10.0.0.0/16 --disable-admission-plugins=ServiceAccount --endpoint-reconciler-type=none \
    --enable-priority-and-fairness=false --max-requests-inflight=0 --max-mutating-requests-inflight=0
  await kube-apiserver 60 kubectl get --raw /readyz
}

# To create the CRDs takes most of a start, so the first start keeps etcd's data with nothing else in them for later ones.
seed=$CLUSTER_CACHE/seeds/$(sha256sum "$CLUSTER_BIN/crds.json" | cut -c1-12)
if [ ! -d "$seed" ]; then
  mkdir -p "$CLUSTER_CACHE/seeds"
  serve
  kubectl create --validate=false -f "$CLUSTER_BIN/crds.json" >crds.log
  # The wait fails on a CRD that has no conditions yet.
  await 'one of the CRDs' 60 kubectl wait --for=condition=Established crd --all --timeout=60s
  "$HERE/down.sh"
  mine=$(mktemp -d "$CLUSTER_CACHE/seeds/new-XXXXXX")
  cp -a etcd/. "$mine"
  mv -T "$mine" "$seed" 2>/dev/null || rm -rf "$mine" # another start may have been faster
else
  touch "$seed"
  cp -a "$seed" etcd
fi
serve

kubectl create namespace argo >>crds.log
kubectl create -n argo configmap workflow-controller-configmap --from-literal=metricsConfig='{enabled: false}' >>crds.log

# Without INFORMER_WRITE_BACK the controller sleeps a second after every write of a workflow.
export INFORMER_WRITE_BACK=true DEFAULT_REQUEUE_TIME=${DEFAULT_REQUEUE_TIME:-100ms}
export RESOURCE_STATE_CHECK_INTERVAL=${RESOURCE_STATE_CHECK_INTERVAL:-200ms}
LEADER_ELECTION_DISABLE=true run workflow-controller "$CLUSTER_BIN/workflow-controller" \
  --kubeconfig "$KUBECONFIG" --namespace argo --executor-image argoexec \
  --qps 1000 --burst 1000 --workflow-workers "${WORKFLOW_WORKERS:-8}" --loglevel "${ARGO_LOGLEVEL:-warn}"
run fake-kubelet "$CLUSTER_BIN/fake-kubelet" --state "$CLUSTER_STATE" \
  --runtime "$CLUSTER_RUNTIME" --runtime-image "$CLUSTER_RUNTIME_IMAGE" --processes "$CLUSTER_PROCESSES"

if [ "$CLUSTER_SPARK" != off ]; then
  case $CLUSTER_SPARK in
    fast) SPARK_HOME=$CLUSTER_STATE/spark-home threads=10 && ln -s "$CLUSTER_BIN/fast-submit" "$SPARK_HOME/bin/spark-submit" ;;
    real) SPARK_HOME=$CLUSTER_CACHE/spark-$PYSPARK_VERSION/pyspark threads=2 ;;
  esac
  SPARK_HOME=$SPARK_HOME SPARK_LOCAL_IP=127.0.0.1 KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT=$CLUSTER_PORT \
    run spark-operator "$CLUSTER_BIN/operator" controller start --namespaces= --health-probe-bind-address=0 \
    --enable-ui-service=false --controller-threads=$threads --workqueue-ratelimiter-bucket-qps=500 --workqueue-ratelimiter-bucket-size=1000
fi

# Ready is when a workflow without pods runs through.
kubectl create -f - >>crds.log <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: ready, namespace: argo}
spec:
  entrypoint: main
  templates:
    - name: main
      steps: [[{name: s, template: rest, when: "false"}]]
    - name: rest
      suspend: {}
Y
await workflow-controller 60 kubectl wait -n argo workflow/ready --for=jsonpath='{.status.phase}'=Succeeded --timeout=10s
echo "export KUBECONFIG=$KUBECONFIG"
