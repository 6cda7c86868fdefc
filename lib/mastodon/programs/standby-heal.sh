#!/bin/bash
# Copies the primary anew when PostgreSQL here says that the primary no longer keeps the log that it lacks. Nothing else makes it throw away data.
set -euo pipefail
said=$(curl -sS -m 3 "http://127.0.0.1:$PATRONI_PORT/patroni" 2>/dev/null) || exit 0
grep -q '"role": "replica"' <<<"$said" || exit 0
# Not while it is being copied.
grep -q '"state": "running"' <<<"$said" || exit 0
! grep -q '"replication_state": "streaming"' <<<"$said" || exit 0
journalctl -u "$PATRONI_UNIT" --since -90s -o cat --no-pager |
  grep -E 'requested WAL segment [0-9A-F]+ has already been removed|can no longer (access|get changes from) replication slot' >/dev/null || exit 0
cluster=$(grep -oE '"scope": "[^"]+' <<<"$said" | cut -d '"' -f 4)
echo "the primary no longer keeps the log that this standby lacks: it is copied anew"
timeout 60 "$PATRONICTL" reinit --force "$cluster" "$SELF" 2>&1 | tail -n 1
