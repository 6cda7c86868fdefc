#!/bin/bash
# Gives a route exactly these members: targets HOST [NAME=ADDRESS...]. New ones come first; old ones finish what they have in hand.
# Names instead of slots: HAProxy's own log and statistics then speak of machines.
set -euo pipefail
route=$1
shift
DRAIN_SECONDS=10
line=$(cat "/etc/haproxy/routes/$route.server")
kept=/var/lib/haproxy/targets
mkdir -p "$kept"
exec 9>/run/targets.lock
flock 9

before=$(cat "$kept/$route" 2>/dev/null || true)
printf '%s\n' "$@" | sed '/^$/d' >"$kept/$route"

{
  cat /etc/haproxy/front.cfg
  for file in /etc/haproxy/routes/*.cfg; do
    echo
    cat "$file"
    name=$(basename "$file" .cfg)
    while IFS='=' read -r server address; do
      echo "  server $server $address:$(cat "/etc/haproxy/routes/$name.server")"
    done < <(cat "$kept/$name" 2>/dev/null || true)
  done
} >/etc/haproxy/haproxy.cfg.new
haproxy -c -q -f /etc/haproxy/haproxy.cfg.new
mv /etc/haproxy/haproxy.cfg.new /etc/haproxy/haproxy.cfg
systemctl is-active -q haproxy || exit 0

say() { socat -t 15 - /run/haproxy/admin.sock <<<"$1"; }
tell() { say "$1" >/dev/null; }
sessions() { say "show stat $route 4 -1" | awk -F, -v name="$1" '$2 == name { print $5 }'; }
lines() { grep -vxF -f <(printf '%s\n' "$2") <<<"$1" | sed '/^$/d' || true; }

add() {
  local server=${1%%=*} address=${1#*=}
  tell "add server $route/$server $address:$line"
  tell "enable health $route/$server"
  tell "enable server $route/$server"
}

remove() {
  local server=${1%%=*} _
  tell "set server $route/$server state drain"
  for _ in $(seq $((DRAIN_SECONDS * 5))); do
    [ "$(sessions "$server")" != 0 ] || break
    sleep 0.2
  done
  tell "set server $route/$server state maint"
  tell "shutdown sessions server $route/$server"
  tell "wait 5s srv-removable $route/$server"
  tell "del server $route/$server"
}

now=$(cat "$kept/$route")
for member in $(lines "$now" "$before"); do
  # A machine made anew under its name has another address.
  old=$(grep "^${member%%=*}=" <<<"$before" || true)
  [ -z "$old" ] || remove "$old"
  add "$member"
done
for member in $(lines "$before" "$now"); do
  grep -q "^${member%%=*}=" <<<"$now" || remove "$member"
done

# The file is right in any case; a reload costs the open WebSockets.
running=$(say "show servers state $route" | awk 'NR > 2 && NF { print $4 }' | sort)
[ "$running" = "$(cut -d= -f1 <<<"$now" | sort)" ] || systemctl reload haproxy
