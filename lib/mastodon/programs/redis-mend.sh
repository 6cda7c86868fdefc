#!/bin/bash
# After instance $1 had to refuse writes for want of disk, and can write again, has it write its file anew.
# shellcheck disable=SC2154 # What it reads from NAME.role.
set -uo pipefail
name=$1
# shellcheck source=/dev/null
. "/etc/redis/$name.role"
REDISCLI_AUTH=$(sed -n 's/^requirepass //p' "/etc/redis/$name.settings")
export REDISCLI_AUTH
ask() { timeout 10 redis-cli -p "$port" "$@" 2>/dev/null; }
words=$(ask info everything) || exit 0
if ! grep -q '^redis_version:' <<<"$words"; then
  echo "redis-mend: $name cannot be asked whether it could write: ${words%%$'\n'*}"
  exit 0
fi
refused=$(sed -n 's/^errorstat_MISCONF:count=\([0-9]*\).*/\1/p' <<<"$words")
[ "${refused:-0}" != "$(cat "/run/redis-$name/refused" 2>/dev/null || echo 0)" ] || exit 0
if ! grep -q '^aof_last_write_status:ok' <<<"$words"; then
  echo "redis-mend: $name refuses writes: $(df -h --output=avail "/var/lib/redis/$name" | tail -n 1 | xargs) of its disk are free"
elif [[ $(ask bgrewriteaof) = *started* ]]; then
  echo "redis-mend: $name has refused writes for want of disk, and writes its file anew"
  echo "$refused" >"/run/redis-$name/refused"
fi
