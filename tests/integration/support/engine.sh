#!/bin/sh
# A stand-in for an engine that executes one path somewhere, which is here: `start` comes back at once, `attach` stays.
# In the folder ../engine of where it is, files say how it is: `down`, `full` (nothing is begun), `deaf` (nothing is cancelled).
# There is a folder for each job.
stage=${0%/*}/../engine
job=$stage/jobs/$2
case $1 in
  start | attach)
    [ ! -e "$stage/down" ] || { echo "engine: the controller is down" >&2; exit 1; }
    mkdir -p "$job"
    : >"$job/taken"
    [ "$1" = start ] || exec "$0" carry "$2" "$3"
    setsid "$0" carry "$2" "$3" </dev/null &
    ;;
  carry)
    while [ -e "$stage/full" ]; do
      [ ! -e "$job/cancelled" ] || exit 0
      sleep 0.05
    done
    : >"$job/begun"
    sh -c 'echo $$ >"$1/pid"; exec "$2"' sh "$job" "$3"
    echo $? >"$job/code"
    ;;
  cancel)
    [ ! -e "$stage/down" ] || { echo "engine: the controller is down" >&2; exit 1; }
    echo "$2" >>"$stage/cancels"
    [ ! -e "$stage/deaf" ] || exit 0
    [ ! -d "$job" ] || : >"$job/cancelled"
    [ ! -e "$job/pid" ] || [ -e "$job/code" ] || kill "$(cat "$job/pid")" 2>/dev/null
    ;;
  ping) [ ! -e "$stage/down" ] || { echo "engine: nobody answers"; exit 1; } ;;
  explain)
    [ ! -e "$stage/down" ] || { echo "engine: the controller is down" >&2; exit 1; }
    if [ -e "$stage/says" ]; then cat "$stage/says"
    elif [ ! -e "$job/taken" ]; then :
    elif [ -e "$job/code" ]; then echo "COMPLETED|None|7"
    elif [ -e "$job/begun" ]; then echo "RUNNING|None|7"
    elif [ -e "$job/cancelled" ]; then echo "CANCELLED|None|7"
    else echo "PENDING|Resources|7"
    fi
    ;;
esac
