#!/bin/bash
# Gives etcd's leadership to another member as long as this machine has the primary of PostgreSQL. If one loss of power took both, the new leader
# would begin every lease anew: a standby could become primary only some seconds later.
set -euo pipefail
curl -fsS -m 2 -o /dev/null "http://127.0.0.1:$PATRONI_PORT/primary" 2>/dev/null || exit 0
metrics=$(curl -fsS -m 2 "http://127.0.0.1:$ETCD_PORT/metrics" 2>/dev/null) || exit 0
grep -qx 'etcd_server_is_leader 1' <<<"$metrics" || exit 0
for name in $MEMBERS; do
  [ "$name" != "$SELF" ] || continue
  curl -fsS -m 2 "http://$name:$ETCD_PORT/health" 2>/dev/null | grep '"health":"true"' >/dev/null || continue
  ! curl -fsS -m 2 -o /dev/null "http://$name:$PATRONI_PORT/primary" 2>/dev/null || continue
  id=$("$CONSOLE" member list | sed -n "s/^\([0-9a-f]*\), started, $name, .*/\1/p")
  [ -n "$id" ] && "$CONSOLE" move-leader "$id" >/dev/null || continue
  echo "<5>etcd: $name leads now, since this machine has the primary of PostgreSQL"
  exit 0
done
