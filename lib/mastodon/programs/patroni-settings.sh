# shellcheck shell=bash
# Gives Patroni the settings of all machines, and has it read its own again. What only a restart brings is told and left to a person.
if ! runs "$PATRONI_UNIT"; then
  # When it runs again, unless another machine has done it by then.
  touch "$PENDING"
  systemctl start --no-block patroni-newest.service
  exit 0
fi
# The settings of all machines would end a pause as well.
if curl -fsS -m 5 "http://127.0.0.1:$PATRONI_PORT/config" | grep '"pause": true' >/dev/null; then
  echo "Patroni is paused: patronictl resume, then deploy again" >&2
  exit 1
fi
systemctl reload "$PATRONI_UNIT"
# All machines get their settings at once, and one change of those in etcd excludes another.
turn=0
until words=$(timeout 30 "$PATRONICTL" edit-config --force --quiet --replace "$DYNAMIC" 2>&1); do
  if [ $((turn += 1)) = 5 ] || ! grep concurrent <<<"$words" >/dev/null; then
    echo "$words" >&2
    exit 1
  fi
  sleep 1
done
# Patroni acts upon it in its next turn.
sleep $((LOOP_SECONDS + 1))
waiting=$(timeout 30 "$PATRONICTL" list -f json | grep -c '"Pending restart": "\*"' || true)
[ "$waiting" = 0 ] || echo "PostgreSQL on $waiting machines: takes effect after a restart, which cuts all sessions: patronictl restart --pending --force $CLUSTER"
