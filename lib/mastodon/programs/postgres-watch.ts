// The status endpoint of a PostgreSQL machine, and its reaction to another machine's promotion: `watch(program)`.
// Load balancers request `/primary` and `/replica` on a port of its own, as with Patroni; administrators run `postgres-promote`.

import { Program } from "../../core/program";
import { AT_BOOT, NEVER_GIVEN_UP, RESTARTED, unit } from "../../core/unit";
import { POSTGRES_STATUS_PORT } from "../ports";
import { AS_POSTGRES, PEERS, STATUS, UNIT } from "./postgres-names";
import { ASK } from "./postgres-role";

/** A standby with more lag serves no reads. */
export const MOST_LAG_SECONDS = 10;

/** Adds the watch, the status endpoint, and the command for promotion. */
export function watch(program: Program): void {
  program
    .add({ kind: "package", names: ["nginx-light", "curl"] })
    .add({ kind: "file", path: "/usr/local/sbin/postgres-watch", content: WATCH, mode: "0755" })
    .add({ kind: "file", path: "/usr/local/sbin/postgres-promote", content: PROMOTE, mode: "0755" })
    .add({ kind: "file", path: "/etc/systemd/system/postgres-watch.service", content: SERVICE })
    .add({ kind: "file", path: "/etc/nginx/conf.d/postgres-status.conf", content: ANSWERS })
    .add({
      kind: "file",
      path: "/etc/systemd/system/nginx.service.d/10-mastodon.conf",
      content: unit({ Unit: NEVER_GIVEN_UP, Service: RESTARTED }),
    })
    .add({ kind: "run", why: "what others may ask", script: `rm -f /etc/nginx/sites-enabled/default\ninstall -d ${STATUS}\n` })
    .add({ kind: "start", units: ["nginx.service", "postgres-watch.service"] });
}

const ANSWERS = `# Which part this machine plays: the files are there or not.
server {
  listen ${POSTGRES_STATUS_PORT};
  access_log off;
  log_not_found off;
  default_type text/plain;
  root ${STATUS};
  location = /status { }
  location = /primary { }
  location = /replica { }
  location / { return 404; }
}
`;

const SERVICE = unit({
  Unit: {
    Description: "Says which part this PostgreSQL plays, and heals it when it has been overtaken",
    RequiresMountsFor: "/var/lib/postgresql",
    ...NEVER_GIVEN_UP,
  },
  Service: {
    ExecStart: "/usr/local/sbin/postgres-watch",
    ExecStopPost: `/bin/sh -c 'rm -f ${STATUS}/status ${STATUS}/primary ${STATUS}/replica'`,
    RuntimeDirectory: STATUS.replace("/run/", ""),
    RuntimeDirectoryPreserve: true,
    ...RESTARTED,
  },
  Install: AT_BOOT,
});

// The time of the last replayed transaction is not the lag while there are no writes, so it counts only while the primary is known to be ahead.
const STATE = [
  "select case when pg_is_in_recovery() then 'standby' else 'primary' end",
  "case when pg_is_in_recovery() then greatest((select received_tli from pg_stat_wal_receiver), (select timeline_id from pg_control_checkpoint())," +
    " (select max(('x' || left(name, 8))::bit(32)::int) from pg_ls_waldir() where name like '%.history'))" +
    " else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end",
  "case when pg_is_in_recovery() then greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) else pg_current_wal_lsn() end - '0/0'::pg_lsn",
  "(select system_identifier from pg_control_system())",
  "coalesce((select status || ' ' || pid from pg_stat_wal_receiver), '-')",
  "case when pg_is_in_recovery() and (select latest_end_lsn from pg_stat_wal_receiver) > pg_last_wal_replay_lsn()" +
    " then coalesce(extract(epoch from now() - pg_last_xact_replay_timestamp())::int, 0) else 0 end",
  "(select string_agg(host(client_addr) || '@' || application_name, ' ') from pg_stat_replication" +
    " where client_addr is not null and application_name <> 'copy')",
].join(", ");

// A server that is slow to answer, or has no room for one more session, is not down: to say so would cut off all whom it serves. A standby that
// is refused looks for a moment as if it received, again and again. A slot of a standby's former time as primary would hold back its log for
// nobody. A primary gives way to whoever was promoted later, and of two that were at once one does. A machine that answers under its name is forgotten
// at its former addresses, which clouds that compute them change: a starting primary waits for machines that do not answer, and `postgres-promote`
// refuses. awk's variable is not called `system`: mawk, which is Debian's awk, has a function of that name and refuses the whole program.
const WATCH = `#!/bin/bash
# Says once a second which part this PostgreSQL plays (${STATUS}), and restarts it when another machine has overtaken it.
set -uo pipefail
. ${ASK}
sql() { timeout 3 ${AS_POSTGRES} psql -XAtqc "$1" -F '|' 2>${STATUS}/.refused; }
put() { printf '%s' "$2" >${STATUS}/.$1 && mv ${STATUS}/.$1 ${STATUS}/$1; }
say() { echo "postgres-watch: $*"; }
again() {
  [ $SECONDS -ge $next_restart ] || return 0
  next_restart=$((SECONDS + 60)) waiting=0
  echo $(($(cat ${STATUS}/tries 2>/dev/null || echo 0) + 1)) >${STATUS}/tries
  say "$1: PostgreSQL decides anew which part it plays"
  systemctl restart --no-block ${UNIT}
}
remember() {
  local known now live
  known=$(cat ${PEERS} 2>/dev/null)
  live=$(awk 'NF { print $1 "@" $6 }' <<<"$words" | paste -sd ' ')
  now=$(printf '%s\\n' $known $live "$@" | sort -u | awk -F@ -v self="$self" -v live="$live" -v own="$(own_addresses | paste -sd ' ')" '
    BEGIN {
      for (n = split(own, all, " "); n > 0; n--) mine[all[n]]
      for (n = split(live, all, " "); n > 0; n--) { split(all[n], part, "@"); name[part[1]] = part[2]; place[part[2]] = part[1] }
    }
    $1 == "" || ($1 in mine) || $2 == self { next }
    (($1 in name) && name[$1] != $2) || (($2 in place) && place[$2] != $1) { next }
    { print }')
  [ "$now" = "$known" ] || { echo "$now" >${PEERS}.new && mv ${PEERS}.new ${PEERS}; }
}

next_restart=0 waiting=0 missed=0 turn=0 before="" received=""
until mountpoint -q /var/lib/postgresql; do sleep 1; done
while sleep 1; do
  answer=$(sql "${STATE}")
  status=$?
  if [ $status = 124 ] || { [ $status != 0 ] && ${AS_POSTGRES} pg_isready -q -t 1; }; then
    [ $((missed += 1)) -gt 10 ] || continue
    say "PostgreSQL takes connections and has not told for 10 s which part it plays: $(sed -n 1p ${STATUS}/.refused)"
  fi
  missed=0
  IFS='|' read -r role timeline place system receives lag followers <<<"$answer"
  words=$(heard)
  serves=no reads=no
  if [ -z "$role" ]; then
    role=empty timeline=0 place=0 system=0
    if [ -e $data/PG_VERSION ]; then
      role=down timeline=$(timeline) system=$(control 'Database system identifier')
    fi
  elif [ "$role" = primary ]; then
    if ! other=$(awk -v own="$timeline" -v cluster="$system" -v self="$self" '
      $5 == cluster && $3 > own || $2 == "primary" && $3 == own && $6 < self { print $6 }' <<<"$words"); then
      say "cannot check whether another is primary"
    elif [ -z "$other" ]; then
      serves=yes
    else
      again "\${other%%$'\\n'*} goes before"
    fi
  else
    steady=no
    [[ $receives != streaming* || $receives != "$received" ]] || steady=yes
    if [ $steady = yes ] && [ "$lag" -le ${MOST_LAG_SECONDS} ]; then reads=yes; fi
    [ $((turn++ % 60)) != 0 ] ||
      sql "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_type = 'physical' and not active" >/dev/null
    if [ $steady = yes ] || [ "$place" != "$before" ]; then
      waiting=0
      [ $steady = no ] || rm -f ${STATUS}/tries
    elif [ -z "$(leader "$(awk -v own="$timeline" '$3 >= own' <<<"$words")")" ]; then
      waiting=0
    elif [ $((waiting += 1)) -ge 5 ]; then
      again "it receives nothing, though a primary answers"
    fi
  fi
  before=$place received=$receives
  read -ra met <<<"$followers $(cut -d ' ' -f 7- <<<"$words" | tr '\\n' ' ')"
  [ "$role" = empty ] || remember "\${met[@]}"
  if [ $serves = yes ]; then put primary primary; else rm -f ${STATUS}/primary; fi
  if [ $reads = yes ]; then put replica replica; else rm -f ${STATUS}/replica; fi
  put status "name=$self
role=$role
timeline=$timeline
place=$place
system=$system
others=$(machines_known | sort -u | tr '\\n' ' ')
"
done
`;

const PROMOTE = `#!/bin/bash
# Makes this standby the primary, when the old one is lost for good: postgres-promote [--anyway]
set -euo pipefail
. ${ASK}
sql() { ${AS_POSTGRES} psql -XAtqc "$1" -F ' '; }
fail() { echo "postgres-promote: $*" >&2; exit 1; }
anyway=\${1:-}
started=$SECONDS
[ "$(sql 'select pg_is_in_recovery()')" = t ] || fail "$self is primary already"
words=$(heard)
alive=$(awk '$2 == "primary" { print $6 }' <<<"$words")
[ -z "$alive" ] || fail "$alive answers as primary. To hand over in order, stop it first: systemctl stop ${UNIT} on $alive"
place=$(sql "select greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0'::pg_lsn")
unheard=$(($(others_known | wc -l) - 1 - $(awk '$2 == "standby"' <<<"$words" | wc -l)))
[ $unheard -le 0 ] || [ "$anyway" = --anyway ] ||
  fail "$unheard other standby does not answer, and may have received more. To lose that: postgres-promote --anyway"
ahead=$(sort -k 4,4nr <<<"$words" | awk '$2 == "standby" { print $4, $6; exit }')
if [ -n "$ahead" ] && [ "$anyway" != --anyway ]; then
  more=$(sql "select \${ahead% *} - $place")
  [ "$more" -le 0 ] || fail "\${ahead#* } has received $more bytes more: promote that one. To lose them: postgres-promote --anyway"
fi
sql "select pg_wal_replay_resume() where pg_is_wal_replay_paused()" >/dev/null
for _ in $(seq 60); do
  [ "$(sql "select pg_last_wal_replay_lsn() - '0/0'::pg_lsn >= $place")" != t ] || break
  sleep 1
done
[ "$(sql 'select pg_promote(true, 60)')" = t ] || fail "PostgreSQL did not promote within 60 s"
sql checkpoint
for _ in $(seq 150); do
  [ ! -e ${STATUS}/primary ] || break
  sleep 0.2
done
[ -e ${STATUS}/primary ] || fail "PostgreSQL is promoted, and its watch does not say so after 30 s: journalctl -u postgres-watch"
echo "$self is primary after $((SECONDS - started)) s; poolers and other standbys follow within seconds."
echo "The old primary, back or made anew, follows as well, without what only it has."
`;
