#!/bin/sh
# Stands for the runtime in the engine's own tests: `eval stand-in MODE [ARGUMENT]`.
shift 2
case $1 in
  echo) printf '%s\n' "$2" >"$EMR2K8S_OUT/value" ;;
  variable) printf '%s' "$DATA" >"$EMR2K8S_OUT/value" ;;
  length) # of an argument that may have come as a file
    case $2 in
      @*) wc -c <"${2#@}" | tr -d ' ' >"$EMR2K8S_OUT/value" ;;
      *) printf '%s' "${#2}" >"$EMR2K8S_OUT/value" ;;
    esac
    ;;
  fail)
    printf 'States.Runtime' >"$EMR2K8S_OUT/error"
    printf 'States.Runtime: %s' "$2" >"$EMR2K8S_TERMINATION_LOG"
    exit 3
    ;;
  artifact) # and the number of its bytes
    [ ! -f "$EMR2K8S_IN/request.json" ] || head -c 1000 "$EMR2K8S_IN/request.json" >"$EMR2K8S_OUT/value"
    [ ! -f "$EMR2K8S_IN/request.json" ] || wc -c <"$EMR2K8S_IN/request.json" | tr -d ' ' >"$EMR2K8S_OUT/bytes"
    ;;
  nothing) ;;
  sleep) sleep "$2" ;;
esac
