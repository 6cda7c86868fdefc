#!/bin/bash
# Prepares the database for one version of Mastodon and writes that down in tables of ours. A version that is older than the database is refused.
set -euo pipefail

sql() { "$SQL_COMMAND" "$ENV_FILE" -v ON_ERROR_STOP=1 -XAtqc "set client_min_messages = warning; $1"; }
# VOLUMES holds several options.
# shellcheck disable=SC2086
rails() { podman run --rm --replace --name mastodon-prepare --network host --env-file "$ENV_FILE" $VOLUMES "$IMAGE" bundle exec rails "$1"; }

# Indexes that are not valid and that nobody is building: what a CREATE INDEX CONCURRENTLY leaves behind when it is cut off. It fails if it cannot
# ask: no answer must not look like no such index. Before PostgreSQL 12 nobody says what is being built.
invalid() {
  local number
  number=$(sql 'show server_version_num') || return 1
  [ "${number:-0}" -ge 120000 ] || return 0
  sql "select format('%I.%I', n.nspname, c.relname) from pg_index i join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace where not i.indisvalid and c.relkind = 'i'
    and not exists (select from pg_stat_progress_create_index p where p.index_relid = i.indexrelid) order by 1"
}

install -d "$STATE"
until sql 'select 1' >/dev/null; do
  echo "waiting for PostgreSQL"
  sleep 2
done
# A database that nobody of ours has prepared has no scheduler of ours either, so the first one need not wait for another.
# scheduler-lock.sh makes the same table. Of two sessions that do so at once PostgreSQL fails one, also with "if not exists", so they take turns.
sql "
  do 'begin perform pg_advisory_xact_lock(hashtext(''cdktf_mastodon_scheduler'')); end';
  create table if not exists cdktf_mastodon_scheduler (one boolean primary key default true check (one), holder text not null,
    history text not null, released boolean not null);
  insert into cdktf_mastodon_scheduler (holder, history, released) select '', '', true
    where to_regclass('cdktf_mastodon_prepared') is null on conflict do nothing;
  create table if not exists cdktf_mastodon_prepared (version text primary key, prepared_at timestamptz not null default now());
  create table if not exists cdktf_mastodon_tasks (id bigserial primary key, version text not null, started_at timestamptz not null default now(),
    ended_at timestamptz, migrations text[] not null, unknown text[] not null, refused text)"

done_before=no
[ "$(cat "$STATE/prepared" 2>/dev/null)" != "$VERSION" ] || done_before=yes
# This machine has done its task once: it may start again at any time, also after a later version has had its turn.
if [ "$done_before" = yes ] && [ "$(sql "select 1 from cdktf_mastodon_prepared where version = '$VERSION'")" = 1 ]; then
  rm -f "$REFUSED"
  exit 0
fi

current="'{}'::text[]"
[ "$(sql "select to_regclass('schema_migrations')")" = '' ] ||
  current="(select coalesce(array_agg(version::text), '{}') from schema_migrations)"
# The last task that was not refused: of which version, whether it has ended, and what it did not know.
last=$(sql "select version || ' ' || (case when ended_at is null then 'begun' else 'ended' end) || ' ' || array_to_string(unknown, ',')
  from cdktf_mastodon_tasks where refused is null order by id desc limit 1")
read -r last_version last_state unknown <<<"$last"
if [ "$last_version" != "$VERSION" ] || [ -z "$last_state" ]; then
  unknown=
  if [ "$current" != "'{}'::text[]" ] && [ "$done_before" = no ]; then
    # With that variable Rails does not look where migrations after deployment are, and would know none of them.
    known=$(umask 077 && mktemp /run/mastodon-prepare.XXXXXX)
    grep -v '^SKIP_POST_DEPLOYMENT_MIGRATIONS=' "$ENV_FILE" >"$known"
    status=$(ENV_FILE=$known rails db:migrate:status) || { rm -f "$known" && exit 1; }
    rm -f "$known"
    unknown=$(sed -nE 's/^ *up +([0-9]+) +\*+ NO FILE \*+ *$/\1/p' <<<"$status" | paste -sd,)
  fi
  # What came since the start of a task that never ended belongs to an upgrade that may be taken back.
  foreign=$(sql "select count(*) from unnest(string_to_array('$unknown', ',')) u where not exists (
    select from cdktf_mastodon_tasks where ended_at is null and refused is null and u <> all (migrations))")
  if [ "$foreign" -gt 0 ]; then
    newest=$(sql "select version from cdktf_mastodon_prepared where version <> '$VERSION' order by prepared_at desc limit 1")
    words="refused: the database has been prepared for ${newest:+Mastodon }${newest:-a later version} and has $foreign migrations that Mastodon $VERSION does"
    words+=" not know. It was left as it is. Set ${newest:+version }${newest:-that version} again, or restore the database from a backup of before that upgrade."
    sql "insert into cdktf_mastodon_tasks (version, migrations, unknown, refused)
      values ('$VERSION', $current, string_to_array('$unknown', ','), '$words')"
    echo "$words" | tee "$REFUSED" >&2
    exit 78
  fi
fi
rm -f "$REFUSED"
# After a failure the same task goes on.
[ "$last_version $last_state" = "$VERSION begun" ] || sql "insert into cdktf_mastodon_tasks (version, migrations, unknown)
  values ('$VERSION', $current, string_to_array('$unknown', ','))"

# An earlier run that was cut off may have left indexes that the next one would stumble over; those of before are not ours.
if [ -e "$STATE/invalid" ]; then
  unfinished=$(invalid)
  while read -r index; do
    [ -n "$index" ] || continue
    grep -qxF -- "$index" "$STATE/invalid" && continue
    echo "removing $index, which an earlier run has left unfinished"
    # Alone: it cannot be part of a transaction.
    "$SQL_COMMAND" "$ENV_FILE" -v ON_ERROR_STOP=1 -XAtqc "drop index concurrently if exists $index"
  done <<<"$unfinished"
else
  before=$(invalid)
  echo "$before" >"$STATE/invalid"
fi

rails "$TASK"
# A first run that was cut off behind the schema would never seed.
[ -n "$(sql 'select 1 from user_roles limit 1')" ] || rails db:seed
# Tasks that never ended have ended with this one, unless they have left what this version does not know.
sql "
  update cdktf_mastodon_tasks t set ended_at = now() where t.ended_at is null and t.refused is null and not exists (
    select from unnest((select unknown from cdktf_mastodon_tasks where version = '$VERSION' and refused is null order by id desc limit 1)) u
    where u <> all (t.migrations));
  insert into cdktf_mastodon_prepared (version) values ('$VERSION') on conflict (version) do update set prepared_at = now()"
rm -f "$STATE/invalid"
echo "$VERSION" >"$STATE/prepared"
