# shellcheck shell=bash
# Reads a new pgbouncer.ini and prints what the machine is to have. One that finds PostgreSQL through the machine's own HAProxy needs that HAProxy, which
# a machine that was made without it gets by a renewal; until then the old file stays.
if [ -e /etc/haproxy/haproxy.cfg ]; then cat; else
  wanted=$(cat)
  if grep -q 'host=127\.0\.0\.1 ' <<<"$wanted"; then cat /etc/pgbouncer/pgbouncer.ini; else printf '%s\n' "$wanted"; fi
fi
