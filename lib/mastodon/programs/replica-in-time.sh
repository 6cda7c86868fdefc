#!/bin/bash
# Says once a second whether this standby receives what its primary writes, and has replayed it in time. A primary always is.
set -uo pipefail
# The time of the last replayed transaction is not the lag while there are no writes, so it counts only while the primary is known to be ahead.
QUESTION="select not pg_is_in_recovery() or (select status = 'streaming' from pg_stat_wal_receiver) and (
  pg_last_wal_replay_lsn() >= (select latest_end_lsn from pg_stat_wal_receiver)
  or extract(epoch from now() - pg_last_xact_replay_timestamp()) <= $MOST_LAG_SECONDS)"
while sleep 1; do
  # shellcheck disable=SC2086 # It is several words.
  if [ "$(timeout 3 $AS_POSTGRES psql -XAtqc "$QUESTION" postgres 2>/dev/null)" = t ]; then
    [ -e "$STATUS/in-time" ] || echo yes >"$STATUS/in-time"
  else
    rm -f "$STATUS/in-time"
  fi
done
