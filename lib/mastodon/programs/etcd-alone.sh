#!/bin/bash
# When the majority of etcd is lost for good: goes on with the data of this member alone. The others come with an empty disk, one after the other.
set -euo pipefail
fail() { echo "etcd-alone: $*" >&2; exit 1; }
[ "${1:-}" = --forget-the-others ] || fail "usage: etcd-alone --forget-the-others, on one machine, when more than half of the members are lost for good"
! "$CONSOLE" endpoint health >/dev/null 2>&1 || fail "etcd serves, and its majority is there: nothing was done"
[ -d "$DIRECTORY/$SELF/member/wal" ] || fail "this member has no data: do it on one that has"
for peer in $MEMBERS; do
  [ "$peer" = "$SELF" ] || ! curl -fsS -m 2 "http://$peer:$ETCD_PEER_PORT/members" >/dev/null 2>&1 ||
    fail "the member on $peer runs: stop it there (systemctl stop etcd), and remove its data if it stays lost"
done
systemctl stop etcd.service
# At a later start it would forget the others again, which may have joined by then.
trap 'rm -f /run/systemd/system/etcd.service.d/alone.conf; systemctl daemon-reload' EXIT
trap 'exit 1' HUP INT TERM
install -d /run/systemd/system/etcd.service.d
printf '[Service]\nEnvironment=ETCD_FORCE_NEW_CLUSTER=true\n' >/run/systemd/system/etcd.service.d/alone.conf
systemctl daemon-reload
systemctl start etcd.service
rm -f /run/systemd/system/etcd.service.d/alone.conf
systemctl daemon-reload
systemctl restart etcd.service
echo "etcd goes on with $SELF alone. Each of the others is taken in with an empty disk: one that still has data is stopped first, and its directory"
echo "(ETCD_DATA_DIR in /etc/default/etcd there) is removed; then start it, one after the other."
