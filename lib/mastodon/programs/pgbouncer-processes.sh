#!/bin/bash
# Both PgBouncer processes at once: pgbouncer-processes start|stop|reload. It is what `systemctl ... pgbouncer` runs.
set -euo pipefail

serves() {
  local started=$SECONDS words
  while [ $((SECONDS - started)) -lt 30 ]; do
    words=$(pgbouncer-console "@$1" -Atqc 'SHOW VERSION' 2>&1) && return
    sleep 0.1
  done
  echo "PgBouncer process $1 does not answer 30 s after its start: ${words##*$'\n'}"
  return 1
}

case $1 in
  start)
    # Those that run are restarted, the second one only when the first one serves again: so new connections always find one.
    for process in 1 2; do
      systemctl restart "pgbouncer@$process.service"
      serves "$process"
    done
    ;;
  stop)
    # A restart stops nothing here: its start brings a new process for each old one, one after the other.
    case $(systemctl list-jobs --plain --no-legend pgbouncer.service) in *restart*) exit 0 ;; esac
    systemctl stop pgbouncer@1.service pgbouncer@2.service
    ;;
  reload) systemctl reload pgbouncer@1.service pgbouncer@2.service ;;
  *) echo "usage: pgbouncer-processes start|stop|reload" >&2 && exit 2 ;;
esac
