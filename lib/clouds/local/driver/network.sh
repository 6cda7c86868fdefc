# shellcheck shell=bash
# A site's network: a bridge that holds the gateway address, a way out where the host has one, and cuts between machines.

# A failed one leaves nothing: Terraform would not ask for that.
network_up() {
  need SITE CIDR GATEWAY
  check_owner
  local status
  set +e
  (set -e && raise_network)
  status=$?
  set -e
  [ $status = 0 ] || { network_down && exit $status; }
}

# Two pages under one name would take each other's machines and disks.
check_owner() {
  local file owner
  [ -n "${OWNER:-}" ] || return 0
  file=$(site_dir)/owner
  owner=$(cat "$file" 2>/dev/null || true)
  [ -z "$owner" ] || [ "$owner" = "$OWNER" ] ||
    die "the site $SITE on this host was made from another page or state: give this one another id, or remove that with \`clean $SITE\`"
  mkdir -p "$(site_dir)"
  echo "$OWNER" >"$file"
}

raise_network() {
  local bridge id
  bridge=$(bridge) id=$(site_id)
  mkdir -p "$(site_dir)"
  printf 'cidr=%s\ngateway=%s\n' "$CIDR" "$GATEWAY" >"$(site_dir)/network"
  ip link show "$bridge" >/dev/null 2>&1 || ip link add "$bridge" type bridge
  # By itself a bridge takes the lowest MAC address of its ports: as machines came and went it changed, and others sent to the old one for seconds.
  ip link set "$bridge" address "$(sha256sum <<<"$bridge" | sed -E 's/^(..)(..)(..)(..)(..).*/02:\1:\2:\3:\4:\5/')"
  ip link set "$bridge" up alias "cdktf-mastodon $ROOT $SITE"
  # Also when the range has changed and the old address is still there.
  ip address flush dev "$bridge"
  ip address add "$GATEWAY/${CIDR#*/}" dev "$bridge"
  raise fs.inotify.max_user_instances 4096
  # Redis forks to save, and machines cannot set this themselves.
  set_sysctl vm.overcommit_memory 1

  # One transaction: idempotent, and the cuts of an earlier apply are healed.
  nft -f - <<EOT
table bridge cdktf_mastodon_$id
delete table bridge cdktf_mastodon_$id
table bridge cdktf_mastodon_$id {
  set cut { type ifname; }
  chain forward { type filter hook forward priority 0; iifname @cut drop; oifname @cut drop; }
  chain input { type filter hook input priority 0; iifname @cut drop; }
  chain output { type filter hook output priority 0; oifname @cut drop; }
}
EOT
  [ -n "$(ip -4 route show default)" ] || return 0
  set_sysctl net.ipv4.ip_forward 1
  nft -f - <<EOT
table ip cdktf_mastodon_$id
delete table ip cdktf_mastodon_$id
table ip cdktf_mastodon_$id {
  chain out { type nat hook postrouting priority srcnat; ip saddr $CIDR oifname != "$bridge" masquerade; }
}
EOT
  pass_foreign_firewall -I "$bridge"
}

network_down() {
  need SITE
  local bridge id family
  bridge=$(bridge) id=$(site_id)
  pass_foreign_firewall -D "$bridge"
  for family in bridge ip; do nft delete table "$family" "cdktf_mastodon_$id" 2>/dev/null || true; done
  ip link delete "$bridge" 2>/dev/null || true
  rm -f "$(site_dir)/network"
}

# Docker and ufw drop what is forwarded, with br_netfilter even from machine to machine; an accept in a table of our own cannot undo a drop.
pass_foreign_firewall() {
  command -v iptables >/dev/null && iptables -S FORWARD 2>/dev/null | grep -q -e '-P FORWARD DROP' || return 0
  local side
  for side in -i -o; do
    if [ "$1" = -I ] && iptables -C FORWARD "$side" "$2" -j ACCEPT 2>/dev/null; then continue; fi
    iptables "$1" FORWARD "$side" "$2" -j ACCEPT 2>/dev/null || true
  done
}

set_sysctl() {
  [ "$(sysctl -n "$1")" = "$2" ] || sysctl -qw "$1=$2" 2>/dev/null || echo "network: $1=$2 could not be set on this host" >&2
}

raise() { [ "$(sysctl -n "$1")" -ge "$2" ] || set_sysctl "$1" "$2"; }

# From all others; or from these: `partition_cut from OTHER…`.
partition_cut() {
  need SITE NAME
  if [ $# = 0 ]; then
    cut_off
    return
  fi
  [[ $1 = from && $# -gt 1 ]] || die "after the machine \`$COMMAND\` wants nothing, or: from NAME..."
  local link others other pairs=""
  link=$(link_of "$NAME")
  others=$(whole_names "${@:2}")
  for other in $others; do
    [ "$other" != "$NAME" ] || die "$NAME cannot be cut off from itself"
    pairs+="\"$link\" . \"$(link_of "$other")\", \"$(link_of "$other")\" . \"$link\", "
  done
  # The chain is made with the first cut, so that networks of an older version have it too; as often as it is made, it has one rule.
  nft -f - <<EOT
add set bridge cdktf_mastodon_$(site_id) pairs { type ifname . ifname; }
add chain bridge cdktf_mastodon_$(site_id) between { type filter hook forward priority 0; }
flush chain bridge cdktf_mastodon_$(site_id) between
add rule bridge cdktf_mastodon_$(site_id) between iifname . oifname @pairs drop
add element bridge cdktf_mastodon_$(site_id) pairs { ${pairs%, } }
EOT
}

# From whomever it is cut off.
partition_heal() {
  need SITE NAME
  reconnect
  local set pair
  set="bridge cdktf_mastodon_$(site_id) pairs"
  # Added first, since another heal may have taken it out meanwhile.
  for pair in $(cut_pairs | grep -F "\"$(link_of "$NAME")\"" | tr -d ' '); do
    printf '%s element %s { %s }\n' add "$set" "$pair" delete "$set" "$pair"
  done | nft -f -
}

cut_off() { nft add element bridge "cdktf_mastodon_$(site_id)" cut "{ $(link_of "$NAME") }"; }

reconnect() { ! is_cut || nft delete element bridge "cdktf_mastodon_$(site_id)" cut "{ $(link_of "$NAME") }"; }

# The pairs of interfaces between which nothing passes, one in a line; each cut between two machines is one in either direction.
cut_pairs() {
  nft list set bridge "cdktf_mastodon_$(site_id)" pairs 2>/dev/null | grep -oE '"[^"]+" \. "[^"]+"' || true
}

is_cut() { nft get element bridge "cdktf_mastodon_$(site_id)" cut "{ $(link_of "$NAME") }" >/dev/null 2>&1; }
