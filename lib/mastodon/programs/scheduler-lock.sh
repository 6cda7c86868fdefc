#!/bin/bash
# Holds the scheduler's lock: Sidekiq runs on this machine only while this script says that it may. Never do two machines run it at once.
#
# The lock is an advisory lock of a PostgreSQL session of its own, which this script asks every 2 s. Whoever gets it while the one before has not
# said that its Sidekiq has stopped waits for WAIT_SECONDS. Whoever loses the session goes on for LEASE_SECONDS at most, counted from the last
# question that was answered, and meanwhile asks for the lock again: so a restart of PostgreSQL restarts no Sidekiq. Then it ends, and systemd
# stops Sidekiq. So with WAIT_SECONDS 240
#   90 s  the lease
# + 20 s  the longest round of questions, before the end of the lease is seen
# + 90 s  the longest stop of Sidekiq, after which systemd kills it
# are over before another one starts, and 40 s are left. PostgreSQL itself ends a session that has been silent for 10 s.
set -uo pipefail

KEY=1667525990,1
TABLE=cdktf_mastodon_scheduler
install -d "$STATE"
[ -s "$STATE/scheduler-id" ] || cat /proc/sys/kernel/random/uuid >"$STATE/scheduler-id"
me=$(cat "$STATE/scheduler-id")
name="scheduler on $(uname -n)"
stop=no
number=0
said=
# One history of the database: as long as it goes on, nothing that was written is forgotten. A promotion begins another.
here='left(pg_walfile_name(pg_current_wal_lsn()), 8)'
trap 'stop=yes' TERM INT
trap '' PIPE

say() {
  [ "$1" = "$said" ] || echo "$1"
  said=$1
  echo "$1" >"$SAYS"
}

# Since the machine has booted: a clock that nobody sets.
clock() {
  local up
  read -r up _ </proc/uptime
  seconds=${up%.*}
}

pause() {
  [ "$stop" = no ] || return 0
  sleep 2 &
  wait $!
}

# Asks one question in the session; its answer is in `answer`. Fails once the session is of no use.
ask() {
  local line
  [ -n "${PSQL_PID-}" ] || return 1
  number=$((number + 1))
  echo "select '$number=' || ($1);" >&"${PSQL[1]-}" || return 1
  while read -r -t 4 -u "${PSQL[0]-}" line; do
    [[ $line == "$number="* ]] || continue
    answer=${line#*=}
    return 0
  done
  return 1
} 2>/dev/null

open() {
  session && return 0
  # Not every PostgreSQL lets everybody ask for that; a start of the server then counts as one.
  [ "$answer" != 1 ] || here='pg_postmaster_start_time()::text'
  close
  return 1
}

session() {
  answer=
  [ -z "${PSQL_PID-}" ] || return 0
  coproc PSQL { PGAPPNAME="${name:0:63}" exec "$SQL_COMMAND" "$ENV_FILE" -XAtq 2>"$SAYS.psql"; }
  # Before PostgreSQL 14 there is no idle_session_timeout; the kernel's probes have to do.
  echo "set client_min_messages = error; set idle_session_timeout = '10s'; set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 2;
    set tcp_keepalives_count = 3; begin; do 'begin perform pg_advisory_xact_lock(hashtext(''$TABLE'')); end';
    create table if not exists $TABLE (one boolean primary key default true check (one), holder text not null,
    history text not null, released boolean not null); commit;" >&"${PSQL[1]-}" || return 1
  ask 1 && ask "select $here"
} 2>/dev/null

close() {
  [ -z "${PSQL_PID-}" ] || { kill -KILL "$PSQL_PID" && wait "$PSQL_PID"; } 2>/dev/null
  return 0
}

lock() { ask "select pg_try_advisory_lock($KEY)"; }

# Whose session has it.
holder() {
  ask "select coalesce(max(a.application_name), '') from pg_locks l join pg_stat_activity a using (pid) where l.locktype = 'advisory' and l.granted
    and (l.classid, l.objid) = ($KEY) and l.database = (select oid from pg_database where datname = current_database())" || return 1
}

# Who had it last: this machine, or one that has stopped and said so, or another. What was said in an earlier history may not have been the last
# word, so it counts as another's.
record() {
  ask "select coalesce((select case when history not in ('', $here) then 'other' when released then 'free' when holder = '$me' then 'mine'
    else 'other' end from $TABLE), case when to_regclass('cdktf_mastodon_prepared') is null then 'free' else 'other' end)"
}

claim() {
  write "insert into $TABLE (holder, history, released) values ('$me', $here, false)
    on conflict (one) do update set holder = excluded.holder, history = excluded.history, released = false"
}

write() {
  echo "$1;" >&"${PSQL[1]-}" || return 1
  ask "select holder = '$me' from $TABLE" && [ "$answer" = true ]
} 2>/dev/null

end() {
  close
  echo "$1"
  exit "$2"
}

# Until the lock is this machine's, and nobody else can still be running.
since=
until [ "$stop" = yes ]; do
  if ! open; then
    since=
    why=$(sed -n 1p "$SAYS.psql")
    say "waits for PostgreSQL, which holds the scheduler's lock${why:+: $why}"
    pause
    continue
  fi
  if [ -z "$since" ]; then
    if ! lock; then
      close
      continue
    fi
    if [ "$answer" != true ]; then
      if holder; then say "waits for the ${answer:-scheduler on another machine} to stop"; else close; fi
      pause
      continue
    fi
    clock
    since=$seconds
  fi
  sent=
  if record; then
    clock
    sent=$seconds
    left=$((WAIT_SECONDS - seconds + since))
    if [ "$answer" = other ] && [ "$left" -gt 0 ]; then
      say "waits until the machine that ran the scheduler before has stopped it for certain, $((left / 30 * 30 + 30)) s at most"
      pause
      continue
    fi
    claim && break
  fi
  close
  since=
  pause
done
[ "$stop" = no ] || end "stopped before it had the lock" 0
confirmed=$sent
say "has the scheduler's lock"
systemd-notify --ready

until [ "$stop" = yes ]; do
  pause
  clock
  sent=$seconds
  if ask 1; then
    confirmed=$sent
    continue
  fi
  close
  clock
  [ $((seconds - confirmed)) -lt "$LEASE_SECONDS" ] || end "has not heard of the lock for $((seconds - confirmed)) s: Sidekiq stops" 1
  say "has lost the session of the scheduler's lock and asks for it again"
  open || continue
  clock
  sent=$seconds
  if ! lock; then
    close
  elif [ "$answer" != true ]; then
    # Its own old session ends by itself, when nobody speaks in it.
    holder && [ "$answer" != "" ] && [ "$answer" != "${name:0:63}" ] && end "the $answer has the lock: Sidekiq stops" 1
    close
  elif ! ask "select coalesce((select holder from $TABLE), '')"; then
    close
  elif [ "$answer" != "$me" ]; then
    end "another machine has had the lock: Sidekiq stops" 1
  elif claim; then
    confirmed=$sent
    say "has the scheduler's lock"
  else
    close
  fi
done

# systemd has stopped Sidekiq before it stops this. Only then may the next one start at once.
case $(systemctl show -P ActiveState "$UNIT") in
  inactive | failed) write "update $TABLE set released = true, history = $here where holder = '$me'" || true ;;
esac
end "has given the scheduler's lock back" 0
