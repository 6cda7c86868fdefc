#!/bin/bash
# Whether PostgreSQL here is primary, or a standby in step with one; and in words what it waits for.
set -uo pipefail
ask() { curl -sS -m 3 "http://127.0.0.1:$PATRONI_PORT/$1" 2>/dev/null; }
said=$(ask patroni)
word() { grep -oE "\"$1\": \"?[^\",}]+" <<<"$said" | head -n 1 | sed -E 's/.*: "?//'; }
[ -n "$said" ] || { echo "Patroni does not answer: $(journalctl -u "$PATRONI_UNIT" -n 1 -o cat --no-pager)"; exit 1; }
! grep -q '"failsafe_mode_is_active": true' <<<"$said" ||
  echo "etcd cannot be reached, and PostgreSQL serves on as long as all its machines see each other: bring etcd back"
answers() { curl -fsS -o /dev/null -m 3 "http://127.0.0.1:$PATRONI_PORT/$1" 2>/dev/null; }
answers primary && exit 0
if ! { { answers replica || grep -q '"noloadbalance": true' <<<"$said"; } && [ -e "$STATUS/in-time" ]; }; then
  echo "PostgreSQL on $SELF is $(word role), $(word state), and not in step with a primary"
  exit 1
fi
# Patroni names the standby that commits wait for some seconds after it follows. Until then no other machine would become primary.
members=$(ask cluster)
if grep -q '"synchronous_mode": true' <<<"$(ask config)" && [[ $members == *'"members"'* && $members != *'"role": "sync_standby"'* ]]; then
  echo "PostgreSQL on $SELF follows, and commits wait for no standby yet, so none could take over"
  exit 1
fi
