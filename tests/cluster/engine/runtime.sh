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
  nothing) ;;
  sleep) sleep "$2" ;;
esac
