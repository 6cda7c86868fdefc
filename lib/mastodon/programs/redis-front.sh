#!/bin/bash
# Replaces each line `redis NAME PORT PASSWORD SENTINELS MACHINES` of HAProxy's configuration by the way to that Redis; SENTINELS may be none.
set -euo pipefail

way() {
  local name=redis-$1 port=$2 password=$3 sentinels=${4//,/ } machines=${5//,/ } own=$(($2 + 10000)) most host address
  servers() { for host in $1; do echo "  server $host $host:$2"; done; }
  each() { for host in $machines; do echo "  $(sed "s/HOST/$host/g" <<<"$1")"; done; }
  own_word() {
    cat <<CFG
  tcp-check connect addr 127.0.0.1 port $own
  tcp-check send-lf "GET /$1/%[srv_name] HTTP/1.0\r\n\r\n"
  tcp-check expect min-recv 15 string "200 OK"
CFG
  }
  most=$([ "$sentinels" = none ] || own_word most)
  cat <<CFG
listen $name
  bind 127.0.0.1:$port
  tcp-request connection reject if { nbsrv($name-master) eq 0 }
  timeout connect 250ms
  timeout queue 250ms
  no option redispatch
  retries 0
$(each "use-server HOST if { srv_is_up($name-master/HOST) }")
  option tcp-check
$(own_word master)
  default-server check inter 250ms fall 3 rise 1 on-marked-down shutdown-sessions
$(servers "$machines" "$port")

backend $name-master
  timeout connect 250ms
  timeout check 700ms
  option tcp-check
  tcp-check connect
  tcp-check send "AUTH $password\r\n"
  tcp-check expect min-recv 5 string +OK
  tcp-check send "ROLE\r\n"
  tcp-check expect min-recv 14 string "\r\nmaster\r\n"
$most
  default-server check inter 500ms fastinter 250ms downinter 250ms fall 2 rise 1
$(servers "$machines" "$port")

frontend $name-own-word
  mode http
  bind 127.0.0.1:$own
  timeout client 2s
$(each "http-request return status 200 if { path /master/HOST } { srv_is_up($name-master/HOST) }")
$([ "$sentinels" = none ] || each "http-request return status 200 if { path /most/HOST } { nbsrv($name-is-HOST) ge 2 }")
  http-request return status 503
CFG
  [ "$sentinels" != none ] || return 0
  for machine in $machines; do
    address=$(getent ahostsv4 "$machine" | awk 'NR == 1 { print $1 }')
    [ -n "$address" ] || { echo "boot: /etc/hosts has no address of $machine, which HAProxy needs" >&2; exit 1; }
    cat <<CFG

backend $name-is-$machine
  timeout check 1s
  option tcp-check
  tcp-check connect
  tcp-check send "SENTINEL get-master-addr-by-name $1\r\n"
  tcp-check expect min-recv 20 string "\r\n$address\r\n"
  default-server check inter 1s fastinter 500ms downinter 500ms fall 2 rise 1
$(servers "$sentinels" "$SENTINEL_PORT")
CFG
  done
}

while IFS= read -r line; do
  # shellcheck disable=SC2086
  if [[ $line = "redis "* ]]; then way ${line#redis }; else printf '%s\n' "$line"; fi
done
