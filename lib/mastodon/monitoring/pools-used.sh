#!/bin/bash
# Prints how much of each pool is used, in percent of what its members can carry, as `web 61.5`: by Prometheus on this machine, the mean of the last minute.
# Prints nothing of a pool of which Prometheus knows no number of this minute.
set -euo pipefail
answer=$(curl -fsS -m 10 --data-urlencode "query=$QUERY" "http://127.0.0.1:$PORT/api/v1/query")
jq -r '.data.result[] | select(.value[1] | test("^[0-9.]+(e-[0-9]+)?$")) | "\(.metric.pool) \(.value[1] | tonumber * 10 | round / 10)"' <<<"$answer"
