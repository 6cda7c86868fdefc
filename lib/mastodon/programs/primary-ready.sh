#!/bin/bash
# Whether the primary can be reached from here. If another database machine knows one that cannot, that is a cut, which Patroni rightly does not heal.
set -uo pipefail
for name in $MACHINES; do
  ! curl -fsS -o /dev/null -m 2 "http://$name:$PATRONI_PORT/primary" 2>/dev/null || exit 0
done
for name in $MACHINES; do
  primary=$(curl -sS -m 2 "http://$name:$PATRONI_PORT/cluster" 2>/dev/null | tr '{' '\n' | grep '"role": "leader"' | grep -oE '"name": "[^"]+' | cut -d '"' -f 4)
  [ -z "$primary" ] || break
done
if [ -n "${primary:-}" ] && curl -sS -o /dev/null -m 2 "http://$primary:$PATRONI_PORT/patroni" 2>/dev/null; then
  echo "$primary has the lease, and is not primary yet"
elif [ -n "${primary:-}" ]; then
  echo "$primary is primary, and cannot be reached from here, though $name sees it. Mend the network, or on $name: patronictl switchover --candidate $name --force"
else
  echo "no PostgreSQL of $MACHINES is primary"
fi
exit 1
