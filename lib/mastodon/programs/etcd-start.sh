#!/bin/bash
# Decides before each start how this member of etcd begins: with its data, as one of a first cluster, or in place of itself, whose disk is lost.
set -uo pipefail
say() { echo "etcd-start: $*"; }
begins() {
  systemctl stop etcd-empty.socket
  printf 'ETCD_INITIAL_CLUSTER=%s\nETCD_INITIAL_CLUSTER_STATE=%s\n' "$2" "$1" >"$BEGINS"
  exit 0
}
# What a member says of all: id, name and whether it has ever served, each in a line. A member that was added and never started has no name.
members_by() {
  curl -fsS -m 2 "http://$1:$ETCD_PEER_PORT/members" 2>/dev/null | tr '{' '\n' |
    sed -nE 's/^"id":([0-9]+),"peerURLs":\["http:\/\/([^:"]+):.*/\1 \2 &/p' |
    while read -r id host rest; do
      printf '%x %s %s %s\n' "$id" "$host" "$(grep -q '"name":"[^"]' <<<"$rest" && echo named || echo unnamed)" \
        "$(grep -q '"clientURLs":\["' <<<"$rest" && echo served || echo new)"
    done
}
# shellcheck disable=SC2016 # Its own arguments. In a shell of its own, so that the limit holds for the connection too.
is_empty() { [ "$(timeout 2 bash -c 'cat <"/dev/tcp/$0/$1"' "$1" "$ETCD_PEER_PORT" 2>/dev/null)" = empty ]; }
others=$(tr ' ' '\n' <<<"$MEMBERS" | grep -vxF "$SELF")
all=$(for name in $MEMBERS; do printf ',%s=http://%s:%s' "$name" "$name" "$ETCD_PEER_PORT"; done)
all=${all#,}

install -d -o etcd -g etcd -m 0700 "$DIRECTORY" "$DIRECTORY/$SELF"
chown -R etcd:etcd "$DIRECTORY"
[ ! -d "$DIRECTORY/$SELF/member/wal" ] || begins new "$all"
rm -rf "${DIRECTORY:?}/$SELF/member"
systemctl start etcd-empty.socket
turn=0
while sleep 1; do
  empty=1 silent=
  for peer in $others; do
    known=$(members_by "$peer")
    if [ -z "$known" ]; then
      if is_empty "$peer"; then empty=$((empty + 1)); else silent+=" $peer"; fi
      continue
    fi
    own=$(awk -v self="$SELF" '$2 == self' <<<"$known")
    case $own in
      *" named new") begins new "$all" ;;
      *" unnamed "*) begins existing "$(awk -v port="$ETCD_PEER_PORT" '{ printf "%s%s=http://%s:%s", sep, $2, $2, port; sep = "," }' <<<"$known")" ;;
    esac
    # It was one and has lost its disk, or it comes in addition. etcd itself refuses what would cost the majority.
    export ETCDCTL_ENDPOINTS="http://$peer:$ETCD_PORT"
    if [ -n "$own" ]; then
      say "has lost its data: $peer forgets it, and takes it in anew"
      "$CONSOLE" member remove "${own%% *}" >/dev/null || continue
    fi
    "$CONSOLE" member add "$SELF" --peer-urls="http://$SELF:$ETCD_PEER_PORT" >/dev/null || true
  done
  # All are empty. A majority would not do: until every member has been there once, etcd does not decide on its version, and Patroni cannot use it.
  [ "$FIRST" = no ] || [ $empty -lt "$(wc -w <<<"$MEMBERS")" ] || begins new "$all"
  [ $((turn++ % 10)) != 0 ] || say "is empty and waits; ${silent:+no answer of$silent; }$empty members are empty"
done
