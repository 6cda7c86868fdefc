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
# Of a copy of the primary that was cut off: `pg_control` is copied last. Patroni would leave it as it is.
if [ -e "$DATA/backup_label" ] && [ ! -e "$DATA/global/pg_control" ]; then
  say "removes a copy of the primary that was not finished"
  rm -rf "${DATA:?}"
fi
# A machine must not become primary with data that another one has newer, where etcd cannot tell: neither while the first machine runs PostgreSQL
# alone, nor when it stops for its renewal; nor with data that Patroni has never run; nor as a standby that comes before the last primary to an etcd
# that has lost its disks. It waits until a machine is primary, and follows it.
[ "$FIRST" = yes ] || ! own_data || touch "$OLDER"
while :; do
  if [ "$FIRST" = no ] && words=$("$FIRST_ALONE"); then
    ! has_data || touch "$OLDER"
    waits "$words"
    continue
  elif [ -e "$OLDER" ]; then
    words="waits until a machine is primary: what is here may be older than what $FIRST_MACHINE has. If that is lost for good: rm $OLDER"
  elif [ -e "$DATA/standby.signal" ] && ! settings=$(timeout 15 "$PATRONICTL" show-config 2>/dev/null); then
    words="waits for etcd, which does not answer"
  elif [ -e "$DATA/standby.signal" ] && { own_data || [ -z "$settings" ]; }; then
    words="was a standby, and etcd knows no primary, so another machine may have newer data. If this is the newest: rm $DATA/standby.signal"
  else
    break
  fi
  ! led || break
  waits "$words"
done
rm -f "$OLDER"
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
