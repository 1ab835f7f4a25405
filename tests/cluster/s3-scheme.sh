#!/usr/bin/env bash
# Spark 3.5.7 reads and writes s3:// paths with the hadoopConf of an emitted SparkApplication, against an S3 server on loopback.
# Needs Java 17, python3, curl, and downloads about 700 MB (PyPI, Maven Central) into $S3_SCHEME_CACHE.
#
#   s3-scheme.sh OUT     OUT is a folder that `emr2k8s migrate` wrote
set -euo pipefail
out=$(cd "$1" && pwd)
cache=${S3_SCHEME_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/emr2k8s-s3-scheme}
port=${S3_PORT:-28999}
maven=${MAVEN_REPOSITORY:-https://repo1.maven.org/maven2}
mkdir -p "$cache"

if [ ! -e "$cache/venv/ready" ]; then
  python3 -m venv "$cache/venv"
  "$cache/venv/bin/pip" install --quiet pyspark==3.5.7 'moto[server]' pyyaml
  touch "$cache/venv/ready"
fi
# What the emitted Dockerfile adds to this Spark (Hadoop 3.3.4).
jars=(org/apache/hadoop/hadoop-aws/3.3.4/hadoop-aws-3.3.4.jar com/amazonaws/aws-java-sdk-bundle/1.12.262/aws-java-sdk-bundle-1.12.262.jar)
class_path=
for jar in "${jars[@]}"; do
  file=$cache/$(basename "$jar")
  if [ ! -e "$file" ]; then
    curl -sSfL -o "$file.part" "$maven/$jar"
    mv "$file.part" "$file"
  fi
  class_path=$class_path${class_path:+:}$file
done

work=$(mktemp -d)
"$cache/venv/bin/moto_server" -H 127.0.0.1 -p "$port" >"$work/moto.log" 2>&1 &
moto=$!
trap 'kill "$moto" 2>/dev/null || true; rm -rf "$work"' EXIT
s3=http://127.0.0.1:$port
for _ in $(seq 100); do
  if curl -sf "$s3/moto-api/" >/dev/null; then break; fi
  sleep 0.2
done
curl -sSf -X PUT "$s3/films" >/dev/null
printf 'title,year\nA,1990\nB,2000\n' | curl -sSf -X PUT -H 'Content-Type: text/csv' --data-binary @- "$s3/films/in/movies.csv"

# The hadoopConf of every SparkApplication of the output, as spark-submit's settings; they must agree to be tried together.
"$cache/venv/bin/python" - "$out" >"$work/conf" <<'P'
import glob, re, sys, yaml
conf = {}
for path in glob.glob(sys.argv[1] + "/pipelines/*/base/workflow-template.yaml"):
    for workflow in yaml.safe_load_all(open(path, encoding="utf-8")):
        for template in workflow["spec"]["templates"]:
            manifest = template.get("resource", {}).get("manifest")
            if manifest:
                conf.update(yaml.safe_load(re.sub(r"\{\{.*?\}\}", "1", manifest))["spec"].get("hadoopConf", {}))
if not conf:
    sys.exit("no hadoopConf in the output")
for key, value in conf.items():
    print(f"spark.hadoop.{key}={value}")
P
settings=()
while read -r setting; do settings+=(--conf "$setting"); done <"$work/conf"
sed 's/^/with  /' "$work/conf"

cat >"$work/job.py" <<'P'
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("s3-scheme").getOrCreate()
spark.read.option("header", True).csv(sys.argv[1]).write.mode("overwrite").parquet(sys.argv[2])
rows = sorted(tuple(row) for row in spark.read.parquet(sys.argv[2]).collect())
assert rows == [("A", "1990"), ("B", "2000")], rows
path = spark._jvm.org.apache.hadoop.fs.Path(sys.argv[1])
print(path.getFileSystem(spark._jsc.hadoopConfiguration()).getClass().getName())
spark.stop()
P
export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=y AWS_REGION=us-east-1 SPARK_LOCAL_IP=127.0.0.1
export PYSPARK_PYTHON=$cache/venv/bin/python PATH=$cache/venv/bin:$PATH

# submit SETTING...: runs the job; its words go to $work/said
submit() {
  spark-submit --master 'local[1]' --conf spark.ui.enabled=false --driver-class-path "$class_path" \
    --conf "spark.hadoop.fs.s3a.endpoint=$s3" --conf spark.hadoop.fs.s3a.path.style.access=true "$@" \
    "$work/job.py" s3://films/in/movies.csv s3://films/out/ >"$work/said" 2>"$work/errors"
}

passed=0 failed=0
ok() {
  passed=$((passed + 1))
  echo "ok      $1"
}
bad() {
  failed=$((failed + 1))
  echo "FAILED  $1"
  grep -E 'Exception|Error' "$work/errors" | head -5 | sed 's/^/        /' || true
}
what="s3:// paths are read and written by S3A"
if submit "${settings[@]}" && grep -q 's3a.S3AFileSystem' "$work/said"; then ok "$what"; else bad "$what"; fi
what="without the emitted settings they are not"
if submit; then bad "$what"; elif grep -q 'No FileSystem for scheme "s3"' "$work/errors"; then ok "$what"; else bad "$what"; fi
what="EMRFS' canned ACL is one that S3A takes"
if submit "${settings[@]}" --conf spark.hadoop.fs.s3a.acl.default=BucketOwnerFullControl; then ok "$what"; else bad "$what"; fi
what="a canned ACL that there is not is refused, so the one above was read"
if submit "${settings[@]}" --conf spark.hadoop.fs.s3a.acl.default=NoSuchAcl; then bad "$what"; else ok "$what"; fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
