#!/bin/bash
# Ends when the database is prepared for one version of Mastodon; complains after an hour, and is then started again.
set -uo pipefail

# Leaves what was answered in `answer`, and in `unreachable` why the database could not be asked. A table that is not there yet is no such fault.
ask() {
  local status=0
  answer=$("$SQL_COMMAND" "$ENV_FILE" -XAtqc "$1" 2>"$REFUSED.psql") || status=$?
  unreachable=
  [ "$status" -le 1 ] || unreachable=$(sed -n 1p "$REFUSED.psql")
}

# A machine that has served may start again while a later version has its turn. A new one waits until its own version had the last turn.
if [ "$(cat "$STATE/waited" 2>/dev/null)" = "$VERSION" ]; then
  prepared="select 1 from cdktf_mastodon_prepared where version = '$VERSION'"
else
  prepared="select 1 from (select version from cdktf_mastodon_prepared order by prepared_at desc limit 1) last where version = '$VERSION'"
fi
for _ in $(seq 720); do
  ask "$prepared"
  if [ "$answer" = 1 ]; then
    rm -f "$REFUSED"
    install -d "$STATE"
    echo "$VERSION" >"$STATE/waited"
    exit 0
  fi
  if [ -n "$unreachable" ]; then
    echo "waiting for the database: $unreachable"
    sleep 5
    continue
  fi
  ask "select refused from cdktf_mastodon_tasks where version = '$VERSION' order by id desc limit 1"
  if [ -n "$answer" ]; then
    echo "$answer" | tee "$REFUSED"
  else
    rm -f "$REFUSED"
    echo "waiting until the database is prepared for Mastodon $VERSION"
  fi
  sleep 5
done
echo "the database was not prepared for Mastodon $VERSION within an hour; see mastodon-prepare.service on the scheduler's machine" >&2
exit 1
