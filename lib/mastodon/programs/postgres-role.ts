// Decides whether a PostgreSQL machine is primary or standby, before each start of the server: `ROLE_SCRIPT` as its ExecStartPre.
// The page configures the first primary only; after that, the status of the other machines and the machine's own disk decide.

import { POSTGRES_PORT, POSTGRES_STATUS_PORT } from "../ports";
import { AS_POSTGRES, CONF, HBA, PASSFILE, PEERS, PLACE, ROLE, STATUS, UNIT } from "./postgres-names";

/** The parameters of the role script and its helpers; `network` is the site's /16. */
export function role(self: string, first: boolean, others: readonly string[], network: string): string {
  const prefix = `${network.split(".").slice(0, 2).join(".")}.`;
  return `self=${self}\nfirst=${first ? "yes" : "no"}\nothers="${others.join(" ")}"\nprefix=${prefix}\n`;
}

/** Where the machine keeps what its scripts share, as a file of functions. */
export const ASK = "/usr/local/lib/postgres-ask";

/**
 * Requests to the other machines: `heard` prints a line for each response: address, role, timeline, log position, system, name, known machines as
 * address@name.
 */
// A promotion writes the history of its timeline before the control file knows of it, and a standby has the history before it replays it.
export const ASK_SCRIPT = `. ${ROLE}
data=${PLACE} bin=/usr/lib/postgresql/17/bin
control() { LC_ALL=C $bin/pg_controldata $data 2>/dev/null | sed -n "s/^$1: *//p"; }
timeline() {
  { control "Latest checkpoint's TimeLineID"; find $data/pg_wal -name '*.history' -printf '%f\\n' | sed -E 's/^(.{8}).*/0x\\1/'; } |
    while read -r number; do echo $((number)); done | sort -n | tail -n 1
}
address_of() { getent ahostsv4 "$1" | awk 'NR == 1 { print $1 }'; }
own_addresses() { ip -4 -o addr show | awk '{ sub("/.*", "", $4); print $4 }'; }
# As address@name. A machine that the page names is where its name leads now: one that was made anew may have had another address before.
machines_known() {
  for peer in $others; do echo "$(address_of "$peer")@$peer"; done | sed '/^@/d'
  [ ! -e ${PEERS} ] || awk -F@ -v named=" $self $others " '$1 != "" && ($2 == "" || !index(named, " " $2 " "))' ${PEERS}
}
others_known() { machines_known | sed 's/@.*//' | sort -u | grep -vxF -f <(own_addresses) || true; }
heard() {
  local peer
  for peer in $(others_known); do
    curl -fsS -m 1 "http://$peer:${POSTGRES_STATUS_PORT}/status" 2>/dev/null | awk -v peer="$peer" -F= '
      function known(key) { return key in is ? is[key] : 0 }
      { is[$1] = $2 } END { if ("role" in is) print peer, is["role"], known("timeline"), known("place"), known("system"), is["name"], is["others"] }' &
  done
  wait
}
# The primary of the latest timeline, as \`heard\` prints it.
leader() { awk '$2 == "primary"' <<<"$1" | sort -s -rn -k 3,3 | sed -n 1p; }
`;

const CONNECTION = `connection() { echo "host=$1 port=${POSTGRES_PORT} user=replicator sslmode=require connect_timeout=3 application_name=$self passfile=${PASSFILE}"; }
ask() { timeout 10 ${AS_POSTGRES} psql -Atqc "$1" -d "$(connection "$leader") replication=true"; }
`;

// Its slot shows whether the primary still keeps the log that this standby is missing, unless the slot was made too late. Then only a try shows it.
const MISSED_TOO_MUCH = `missed_too_much() {
  [ "$(timeout 10 ${AS_POSTGRES} psql -XAtqc "select 1 from pg_replication_slots where slot_name = '$slot' and wal_status = 'lost'" \
    -d "$(connection "$leader") dbname=postgres" 2>/dev/null)" = 1 ] || [ "$(cat ${STATUS}/tries 2>/dev/null || echo 0)" -ge 3 ]
}
`;

// The copy comes beside the old data where both have room, and has its signal before it has its place, else it would be taken for a primary. It
// is no standby that a commit may wait for, and a slow disk may hold it up for longer than a standby is silent. A slot may be left by an earlier
// try, or by a standby that lost its disk.
const BASE_BACKUP = `base_backup() {
  ask IDENTIFY_SYSTEM >/dev/null || return 1
  rm -rf $data.new
  if [ -e $data ] && [ "$(df --output=avail -k $data | tail -n 1)" -lt "$(du -sk $data | cut -f 1)" ]; then rm -rf $data; fi
  install -d -o postgres -g postgres -m 0700 "$(dirname $data)"
  ask "DROP_REPLICATION_SLOT $slot" >/dev/null 2>&1 || true
  say "copying $leader"
  ${AS_POSTGRES} $bin/pg_basebackup -d "$(connection "$leader") application_name=copy options='-c wal_sender_timeout=5min'" \\
    -D $data.new -X stream -C -S "$slot" -c fast || return 1
  ${AS_POSTGRES} touch $data.new/standby.signal && sync -f $data.new || return 1
  rm -rf $data
  mv $data.new $data
  rm -f $data.half ${STATUS}/tries
}
`;

// pg_createcluster takes over existing data only if the configuration files that Debian moves to /etc are in place.
const CLUSTER = `cluster() {
  if [ ! -e $etc/postgresql.conf ]; then
    if [ -e $data/PG_VERSION ]; then
      for name in postgresql pg_hba pg_ident; do
        [ -e $data/$name.conf ] || install -o postgres -g postgres -m 0640 /usr/share/postgresql/17/$name.conf.sample $data/$name.conf
      done
    fi
    pg_createcluster 17 main
  fi
  install -d -o postgres -g postgres $etc/conf.d
  install -o postgres -g postgres -m 0640 ${CONF} $etc/conf.d/50-mastodon.conf
  install -o postgres -g postgres -m 0640 ${HBA} $etc/pg_hba.conf
}
`;

// Writes after the other machine's promotion are not part of its timeline: pg_rewind goes back to where the timelines fork.
const REWIND = `rewind() {
  ask IDENTIFY_SYSTEM >/dev/null || return 1
  touch $data.half
  ${AS_POSTGRES} env PGPASSFILE=${PASSFILE} $bin/pg_rewind --target-pgdata=$data --config-file=$etc/postgresql.conf \\
    --source-server="host=$leader port=${POSTGRES_PORT} user=replicator dbname=postgres sslmode=require connect_timeout=3" || return 1
  ${AS_POSTGRES} touch $data/standby.signal && sync -f $data || return 1
  rm -f $data.half
}
`;

// Settings of another machine may have come with a copy or a rewind; these are written anew and come last. A standby with fewer connections
// than its primary had does not start.
const FOLLOW = `follow() {
  rm -f $data/recovery.signal
  ${AS_POSTGRES} touch $data/standby.signal
  {
    printf "primary_conninfo = '%s options=''-c tcp_user_timeout=10s'''\\nprimary_slot_name = '%s'\\n" "$(connection "$leader")" "$slot"
    least=$(control 'max_connections setting') own=$(sed -n 's/^max_connections = //p' ${CONF})
    [ "\${least:-0}" -le "$own" ] || echo "max_connections = $least"
  } >$etc/conf.d/60-standby.conf
  known=$(ask "READ_REPLICATION_SLOT $slot" || true)
  [ "$known" != "||" ] || ask "CREATE_REPLICATION_SLOT $slot PHYSICAL RESERVE_WAL" >/dev/null
  say "follows $leader"
}
`;

const CHOOSE = `choose() {
  read -r leader _ leader_timeline _ leader_system _ <<<"$1"
}
`;

// A rewind that was broken off leaves data that is neither this nor that. A first cluster is made only if every other machine is empty as well.
const EMPTY = `if [ ! -e $data/PG_VERSION ] || [ -e $data.half ]; then
  while :; do
    words=$(heard)
    found=$(leader "$words")
    if [ -n "$found" ]; then
      choose "$found"
      if base_backup; then cluster && follow && exit 0; fi
    elif [ "$first" = yes ] && [ ! -e $data ] && [ "$(awk '$2 == "empty"' <<<"$words" | wc -l)" -ge "$(others_known | wc -l)" ]; then
      rm -rf $etc
      cluster
      say "makes the first cluster"
      exit 0
    fi
    [ $((turn++ % 10)) != 0 ] || say "is empty and waits for a primary to copy; heard: $(echo \${words:-nobody})"
    sleep 1
  done
fi
`;

// A primary does not start while another machine may have been promoted; a machine that does not answer for a while does not block the start. No
// machine can be reached before the private network is up.
const PART = `until own_addresses | grep -q "^$prefix"; do sleep 1; done
SECONDS=0
cluster
if [ -e $data/standby.signal ]; then
  own=$(control "Latest checkpoint's TimeLineID")
  found=$(leader "$(heard)")
  if [ -z "$found" ]; then
    leader=$(address_of "\${others%% *}")
    [ -e $etc/conf.d/60-standby.conf ] || [ -z "$leader" ] || follow
    say "no primary answers: it follows whom it followed"
    exit 0
  fi
  choose "$found"
  [ "$leader_timeline" -ge "$(timeline)" ] || { say "$leader is on an older timeline than this disk, and is not followed" && exit 0; }
else
  own=$(timeline)
  while :; do
    words=$(heard)
    found=$(leader "$words")
    later=$(awk -v own="$own" '$3 > own { print $6 }' <<<"$words" | head -n 1)
    if [ -n "$found" ]; then
      choose "$found"
      [ "$leader_timeline" -le "$own" ] || break
      [ "$leader_timeline" -lt "$own" ] || { say "$leader is primary on the same timeline $own: two cannot be" >&2 && exit 1; }
    fi
    if [ -z "$later" ]; then
      silent=$(($(others_known | wc -l) - $(grep -c . <<<"$words" || true)))
      if [ $silent -le 0 ] || [ $SECONDS -ge $LIMIT_SECONDS ]; then
        rm -f $etc/conf.d/60-standby.conf
        say "starts as primary on timeline $own; $silent of the others were silent"
        exit 0
      fi
    elif [ $SECONDS -ge $LIMIT_SECONDS ]; then
      say "$later has followed a later primary, which is away: this one does not start" >&2
      exit 1
    fi
    sleep 1
  done
fi
`;

const HEAL = `[ "$leader_system" = "$(system)" ] || { say "the data here is not that of $leader; it is left alone" >&2 && exit 1; }
if missed_too_much; then
  say "$leader no longer keeps what this standby has missed; it begins anew"
  base_backup
elif [ "$leader_timeline" -gt "$own" ] && ! rewind; then
  say "it cannot be rewound; it begins anew"
  base_backup
fi
cluster
follow
`;

/** Decides the role, and sets up data, settings and the signal file for it. */
export const ROLE_SCRIPT = `#!/bin/bash
# Decides before each start whether this PostgreSQL is primary or standby: by its disk, and by what the other machines say.
set -euo pipefail
. ${ASK}
etc=/etc/postgresql/17/main
slot=\${self//-/_} turn=0
LIMIT_SECONDS=30
say() { echo "postgres-role: $*"; }

system() { control 'Database system identifier'; }
${CONNECTION}${MISSED_TOO_MUCH}${BASE_BACKUP}${CLUSTER}${REWIND}${FOLLOW}${CHOOSE}${EMPTY}${PART}${HEAL}`;

export const RUN_ROLE = `systemctl stop ${UNIT} || true\n/usr/local/sbin/postgres-role\nsystemctl enable ${UNIT}\nsystemctl restart ${UNIT}\n`;
