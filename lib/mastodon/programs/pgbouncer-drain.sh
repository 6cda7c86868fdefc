#!/bin/bash
# Takes one PgBouncer process out of service without breaking a connection that nobody is using: pgbouncer-drain PROCESS
# Node's pool ends its process when an idle connection breaks. It closes one that was idle for 10 s by itself, so those are waited for.
# One that never was idle so long is closed in the moment in which it asks for something: that query fails, and the process goes on.
set -euo pipefail

process=$1
other=$((3 - process))
socket=/run/pgbouncer-$process
clients() { ss -Htnp state established "sport = :$PGBOUNCER_PORT" | grep -c "pid=$MAINPID," || true; }
runs() { kill -0 "$MAINPID" 2>/dev/null; }

# PgBouncer takes no new sessions of its console either once it shuts down, so this one stays open.
exec {console}> >(timeout 60 pgbouncer-console "@$process" -Atq >/dev/null)

if [ "$(systemctl is-system-running)" = stopping ] || ! systemctl is-active -q "pgbouncer@$other.service"; then
  echo "no other process can take over: connections are closed as soon as their transactions end"
  echo 'SHUTDOWN WAIT_FOR_SERVERS;' >&"$console"
  for _ in $(seq 50); do
    runs || break
    sleep 0.1
  done
  exit 0
fi

# An open transaction keeps PgBouncer up while it closes its clients one by one; without PostgreSQL there is none, and it ends sooner.
user=$(sed -n '1s/^"\([^"]*\)".*/\1/p' /etc/pgbouncer/userlist.txt)
password=$(sed -n '1s/^"[^"]*" "\(.*\)"$/\1/p' /etc/pgbouncer/userlist.txt)
exec {holder}> >(PGCONNECT_TIMEOUT=3 PGPASSWORD=$password timeout 60 psql -h "$socket" -p "$PGBOUNCER_PORT" -U "$user" mastodon -q >/dev/null 2>"$socket/holder")
echo "BEGIN; SELECT 1 \\g $socket/holds" >&"$holder" || true
for _ in $(seq 30); do
  [ ! -s "$socket/holds" ] || break
  sleep 0.1
done
[ -s "$socket/holds" ] || echo "no transaction could be held open, so idle connections are closed too: $(sed -n 1p "$socket/holder")"

echo 'SHUTDOWN WAIT_FOR_CLIENTS;' >&"$console"
started=$SECONDS
echo "takes no new connections, and waits up to $IDLE_SECONDS s for its clients to close $(clients)"
while [ "$(clients)" -gt 0 ] && [ $((SECONDS - started)) -lt "$IDLE_SECONDS" ]; do sleep 0.3; done
left=$(clients)
if [ "$left" -gt 0 ]; then
  echo "$left are left: each is closed when its client next asks for something, the rest after $BUSY_SECONDS s"
  echo 'SHUTDOWN WAIT_FOR_SERVERS;' >&"$console"
  started=$SECONDS
  while runs && [ "$(clients)" -gt 0 ] && [ $((SECONDS - started)) -lt "$BUSY_SECONDS" ]; do sleep 0.3; done
  echo "$(clients) were idle to the end"
fi
# PgBouncer ends with the last transaction, or with the last client.
echo 'ROLLBACK;' >&"$holder" || true
exec {holder}>&- {console}>&-
for _ in $(seq 30); do
  runs || break
  sleep 0.1
done
