#!/bin/bash
# An app that writes rows through the pooler, ten a second where it can, each with a session of its own, and gives up on one after a second.
# `postgres-writer SECONDS` prints, as JSON, the longest time between two acknowledged rows and what was lost; it ends three seconds after a gap of more
# than a second, or after SECONDS.
set -uo pipefail
seconds=$1
writer=$(date +%s%N)
where=$(cat "${POSTGRES_WRITER:-/etc/postgres-writer}")
acknowledged=$(mktemp)
trap 'rm -f "$acknowledged"' EXIT
sql() { timeout "${2:-1}" psql -XAtqc "$1" "$where connect_timeout=2" 2>/dev/null; }
now() { date +%s%3N; }

sql "create table if not exists bench_rows (writer text, n int, primary key (writer, n))" 10 || exit 1
n=0 last='' longest=0
end=$(($(now) + seconds * 1000))
while [ "$(now)" -lt "$end" ]; do
  n=$((n + 1))
  if sql "insert into bench_rows values ('$writer', $n)"; then
    at=$(now)
    echo "$n" >>"$acknowledged"
    gap=$((at - ${last:-at}))
    if [ "$gap" -gt "$longest" ]; then
      longest=$gap
      [ "$gap" -le 1000 ] || end=$((at + 3000))
    fi
    last=$at
  fi
  sleep 0.1
done
for _ in $(seq 30); do
  kept=$(sql "select n from bench_rows where writer = '$writer'" 5) && break
  sleep 1
done
lost=$(sort "$acknowledged" | comm -23 - <(sort <<<"${kept:-}") | wc -l)
awk -v ms="$longest" -v acknowledged="$(wc -l <"$acknowledged")" -v lost="$lost" \
  'BEGIN { printf "{\"gapSeconds\": %.1f, \"acknowledged\": %d, \"lost\": %d}\n", ms / 1000, acknowledged, lost }'
