#!/bin/bash
# Whether this member of etcd serves, with a majority; and how long its log takes to reach the disk.
set -uo pipefail
# When etcd comes to machines that run already, they get it one by one: what else runs here is ready all the same.
if systemctl is-active -q etcd-empty.socket; then
  for name in $MEMBERS; do
    [ "$name" != "$SELF" ] && curl -fsS -o /dev/null -m 2 "http://$name:$ETCD_PEER_PORT/members" 2>/dev/null || continue
    curl -fsS -m 2 "http://$name:$ETCD_PORT/health" 2>/dev/null | grep '"health":"true"' >/dev/null &&
      { echo "etcd is empty, and $name takes it in"; exit 1; }
    echo "etcd is empty, and $name has no majority to take it in: start the other members, or run etcd-alone on $name if they are lost for good"
    exit 1
  done
  echo "etcd waits for its other members: $(journalctl -u etcd -n 1 -o cat --no-pager)"
  exit 0
fi
metrics=$(curl -fsS -m 2 "http://127.0.0.1:$ETCD_PORT/metrics" 2>/dev/null) ||
  { echo "etcd does not answer: $(journalctl -u etcd -n 1 -o cat --no-pager)"; exit 1; }
grep -qx 'etcd_server_has_leader 1' <<<"$metrics" || { echo "etcd has no majority: $SELF sees no leader"; exit 1; }
curl -fsS -m 2 "http://127.0.0.1:$ETCD_PORT/health" 2>/dev/null | grep '"health":"true"' >/dev/null ||
  { echo "etcd is not healthy: $("$CONSOLE" alarm list 2>&1 | tail -n 1)"; exit 1; }
awk -v slow="$SLOW_MS" '/^etcd_disk_wal_fsync_duration_seconds_bucket/ { split($1, part, "\""); at[n++] = part[2]; count[part[2]] = $2 }
  /^etcd_disk_wal_fsync_duration_seconds_count/ { all = $2 }
  END { for (i = 0; i < n - 1; i++) if (count[at[i]] >= 0.99 * all) break
    printf "etcd: 99 %% of its writes reach the disk within %s ms%s\n", at[i] * 1000, (at[i] * 1000 > slow ? ", which is slow: a failover may take longer" : "") }' <<<"$metrics"
