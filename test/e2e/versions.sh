#!/bin/bash
# The database task and the wait of the application machines, played through several versions in a database of their own, with a podman that knows
# the migrations of each version. Runs on a PostgreSQL machine, with PREPARE and WAIT set to the two scripts, each without its first values.
set -uo pipefail
room=$(mktemp -d)
chmod 755 "$room"
as() { PGOPTIONS='-c client_min_messages=warning' runuser -u postgres -- psql -XAtq "$@"; }
as -c 'drop database if exists rehearsal' -c 'create database rehearsal'
mkdir "$room/bin"
printf '#!/bin/bash\nshift\nexec runuser -u postgres -- psql -d rehearsal "$@"\n' >"$room/sql"
cat >"$room/bin/podman" <<'PODMAN'
#!/bin/bash
task="${*: -1}"
q() { runuser -u postgres -- psql -d rehearsal -qXAtc "$1"; }
case $KNOWS in 4.6*) known="1 2 3" ;; 4.7*) known="1 2 3 4 5" ;; esac
echo -n " $task" >&2
case $task in
  db:migrate:status)
    printf '\ndatabase: rehearsal\n\n Status   Migration ID    Migration Name\n--------------------------------------------------\n'
    for v in $(q 'select version from schema_migrations order by 1'); do
      name="Create things"
      [[ " $known " == *" $v "* ]] || name="********** NO FILE **********"
      printf '   up     %-14s  %s\n' "$v" "$name"
    done
    ;;
  db:prepare)
    q 'create table if not exists schema_migrations (version varchar primary key); create table if not exists user_roles (id int)' 2>/dev/null
    for v in $known; do
      q "insert into schema_migrations values ('$v') on conflict do nothing"
      [ "${STOP_AT-}" != "$v" ] || { q 'create table if not exists t as select 1 as a union all select 1'; q 'create unique index concurrently left_over on t (a)' 2>/dev/null; exit 1; }
    done
    ;;
  db:seed) q 'insert into user_roles values (1)' ;;
esac
PODMAN
chmod 755 "$room/sql" "$room/bin/podman"
echo RAILS_ENV=production >"$room/env"
export PATH="$room/bin:$PATH"

# prepare MACHINE VERSION: what was run, and how it ended.
prepare() {
  echo -n "$1 $2:"
  values="VERSION=$2 IMAGE=image TASK=db:prepare VOLUMES= ENV_FILE=$room/env SQL_COMMAND=$room/sql STATE=$room/$1 REFUSED=$room/refused"
  { KNOWS=$2 bash -c "$(printf '%s\n' $values)
$PREPARE" >/dev/null; } 2>&1
  echo " -> $?"
}
# waits MACHINE VERSION: whether such a machine would serve.
waits() {
  values="VERSION=$2 ENV_FILE=$room/env SQL_COMMAND=$room/sql STATE=$room/$1 REFUSED=$room/refused-$1"
  if bash -c "$(printf '%s\n' $values)
sleep() { :; }
seq() { echo 1; }
$WAIT" >/dev/null 2>&1; then echo "$1 $2 serves"; else echo "$1 $2 waits; $(cut -c -8 "$room/refused-$1" 2>/dev/null)"; fi
}

waits web 4.6.0
prepare jobs-1 4.6.0
waits web 4.6.0
prepare jobs-1 4.6.0
prepare jobs-2 4.6.0
STOP_AT=4 prepare jobs-3 4.7.0
waits next 4.7.0
prepare jobs-3 4.7.0
waits next 4.7.0
STOP_AT=4 prepare jobs-4 4.6.0
waits web 4.6.0
prepare jobs-2 4.6.0
waits late 4.6.0
prepare jobs-5 4.7.1
prepare jobs-6 4.7.0
waits again 4.7.0
as -d rehearsal -c "select count(*) from pg_index where not indisvalid" | sed 's/^/left over: /'
as -c 'drop database rehearsal'
rm -r "$room"
