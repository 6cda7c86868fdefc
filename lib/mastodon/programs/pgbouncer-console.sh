#!/bin/bash
# PgBouncer's admin console: a session with the first of its processes, or one command for all of them.
set -euo pipefail

usage() {
  cat <<'TEXT'
pgbouncer-console                 a session with process 1
pgbouncer-console show pools      one command, sent to each process in turn
pgbouncer-console -c "show pools" the same; other options are those of psql
pgbouncer-console @2 ...          only process 2
TEXT
}

processes=(1 2)
case ${1:-} in
  -h | --help) usage && exit 0 ;;
  @[12]) processes=("${1#@}") && shift ;;
  @*) usage >&2 && exit 2 ;;
esac

# Words without an option before them are a command.
case ${1:--} in -*) ;; *) set -- -c "$*" ;; esac
command=
for argument in "$@"; do
  case $argument in -[!-]*c | -c | --command*) command=yes ;; esac
done

# PgBouncer lets its own user of the same machine in without a password.
as_itself=(setpriv --reuid=postgres --regid=postgres --init-groups env HOME=/var/lib/postgresql)
console() { "${as_itself[@]}" psql -h "/run/pgbouncer-$1" -p "$PGBOUNCER_PORT" -U pgbouncer pgbouncer "${@:2}"; }

[ -n "$command" ] || processes=("${processes[0]}")
status=0
for process in "${processes[@]}"; do
  # The heading goes to a person; what a script reads stays as it was.
  [ "${#processes[@]}" = 1 ] || [ ! -t 1 ] || echo "process $process"
  console "$process" "$@" || status=$?
done
exit "$status"
