#!/usr/bin/env bash
# The scripts of calls, run for real: moto plays AWS, a small server Lambda, ECS, executions and a web API, and version 1 of the AWS command line
# version 2 (the package index has no other). Where the two differ: version 2 reads binary members as base64 unless told otherwise
# (`--cli-binary-format`, which version 1 does not know), writes dates as ISO 8601 where version 1 writes seconds, and ends
# with other exit codes; none of the scripts looks at those.
#
# Needs jq, curl and Python; installs moto and the command line into a folder of its own. Not part of the everyday tests.
set -euo pipefail
cd "$(dirname "$0")/.."
work=${CALLS_WORK:-target/calls}
mkdir -p "$work/scripts"
work=$(cd "$work" && pwd)
if [ ! -x "$work/venv/bin/moto_server" ] || [ ! -x "$work/venv/bin/aws" ]; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet 'moto[server]==5.2.1' 'awscli==1.45.11'
fi
export EMR2K8S_CALLS_OUT=$work/scripts
EMR2K8S_CALLS=$("$work/venv/bin/python" tests/calls.py resources)
export EMR2K8S_CALLS
cargo test --quiet --test calls -- --ignored
exec "$work/venv/bin/python" tests/calls.py run "$work"
