#!/bin/bash
# Whether the first machine still runs PostgreSQL by itself, as before it had standbys. Until that one is renewed, and runs under Patroni as well, this
# machine has nothing to copy, and must not become primary with what it has.
set -uo pipefail
patroni() { curl -fsS -o /dev/null -m 2 "http://$1:$PATRONI_PORT/patroni" 2>/dev/null; }
! patroni 127.0.0.1 || exit 1
pg_isready -q -t 2 -U mastodon -d mastodon -h "$FIRST" -p "$POSTGRES_PORT" || exit 1
! patroni "$FIRST" || exit 1
echo "$FIRST still runs PostgreSQL alone: renew it, and this machine becomes its standby"
