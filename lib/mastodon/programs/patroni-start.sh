#!/bin/bash
# Before each start of Patroni: its address and passwords as variables, what Debian keeps elsewhere, and no first cluster beside another's data.
set -euo pipefail
say() { echo "patroni-start: $*"; }
until address=$(ip -4 -o addr show | awk '{ sub("/.*", "", $4); print $4 }' | grep -m 1 "^${PREFIX//./\\.}"); do sleep 1; done
# shellcheck disable=SC1090
. "$SECRETS"
(umask 077 && cat >"$ENVIRONMENT.new" <<END
PATRONI_POSTGRESQL_CONNECT_ADDRESS=$address:$POSTGRES_PORT
PATRONI_RESTAPI_CONNECT_ADDRESS=$address:$PATRONI_PORT
PATRONI_RESTAPI_USERNAME=patroni
PATRONI_RESTAPI_PASSWORD=$PATRONI_PASSWORD
PATRONI_ETCD3_PROTOCOL=http
PATRONI_ETCD3_USERNAME=patroni
PATRONI_ETCD3_PASSWORD=$ETCD_PASSWORD
PATRONI_REPLICATION_PASSWORD=$REPLICATION_PASSWORD
PATRONI_REWIND_PASSWORD=$REPLICATION_PASSWORD
END
)
mv "$ENVIRONMENT.new" "$ENVIRONMENT"
if [ "$WATCHDOG" = yes ]; then
  modprobe softdog 2>/dev/null || true
  [ ! -e /dev/watchdog ] || chown postgres /dev/watchdog
fi
turn=0
waits() {
  [ $((turn++ % 10)) != 0 ] || say "$1"
  sleep 1
}
led() { timeout 15 "$PATRONICTL" list -f json 2>/dev/null | grep '"Role": "Leader"' >/dev/null; }
has_data() { [ -e "$DATA/PG_VERSION" ]; }
own_data() { has_data && [ ! -e "$DATA/patroni.dynamic.json" ]; }
# Data that another machine has newer must not become the primary's: neither while the first machine runs PostgreSQL alone, nor when it stops for its
# renewal. That is what was here while the first one ran alone, and what Patroni has never run. It waits until a machine is primary, and follows it.
if [ "$FIRST" = no ]; then
  ! own_data || touch "$OLDER"
  while :; do
    if words=$("$FIRST_ALONE"); then
      ! has_data || touch "$OLDER"
    elif [ ! -e "$OLDER" ] || led; then
      break
    else
      words="waits until a machine is primary: what is here may be older than what $FIRST_MACHINE has. If that is lost for good: rm $OLDER"
    fi
    waits "$words"
  done
  rm -f "$OLDER"
elif own_data; then
  while [ -e "$DATA/standby.signal" ] && ! led; do
    waits "was a standby before Patroni, so another machine may have newer data. If this is the newest: rm $DATA/standby.signal"
  done
fi
install -d -o postgres -g postgres -m 0755 "$DISK/$MAJOR"
if has_data; then
  # A cluster of a single server has its settings in /etc, which may be lost with the machine; these are only read where Patroni sets nothing.
  for name in postgresql pg_hba pg_ident; do
    [ -e "$DATA/$name.conf" ] || install -o postgres -g postgres -m 0640 "/usr/share/postgresql/$MAJOR/$name.conf.sample" "$DATA/$name.conf"
  done
  exit 0
fi
[ "$FIRST" = yes ] || exit 0
# Only this machine may make the first cluster: when all others have said that they have none, or after another is primary, whom it then copies.
while :; do
  silent=
  for other in $OTHERS; do
    said=$(curl -sS -m 2 "http://$other:$PATRONI_PORT/patroni" 2>/dev/null || true)
    ! grep -q '"role": "primary"' <<<"$said" || exit 0
    grep -q '"role": "uninitialized"' <<<"$said" || silent+=" $other"
  done
  [ -n "$silent" ] || exit 0
  # Further ones are only known to etcd.
  ! led || exit 0
  waits "has no data, and waits until$silent has told whether it has any"
done
