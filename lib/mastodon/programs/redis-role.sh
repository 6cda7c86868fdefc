#!/bin/bash
# Decides before each start whether instance $1 is master or replica, and writes its configuration.
# shellcheck disable=SC2154 # What it reads from NAME.role.
set -uo pipefail
name=$1
# shellcheck source=/dev/null
. "/etc/redis/$name.role"
conf=/etc/redis/redis-$name.conf
home=/var/lib/redis/$name

ask() { timeout 2 redis-cli -h "$1" -p "$SENTINEL_PORT" sentinel "$2" "$name" 2>/dev/null; }
# A line is: the epoch of a sentinel's configuration, and its master.
answer() { ask "$1" master | awk 'NR % 2 { key = $0; next } { is[key] = $0 } END { if (is["ip"]) print is["config-epoch"] + 0, is["ip"] }'; }
# What this machine's own sentinel has written down; it may not have started yet.
memory() {
  [ ! -s /var/lib/redis/sentinel.conf ] || awk -v name="$name" '$1 == "sentinel" && $3 == name { is[$2] = $4 } END { if (is["monitor"]) print is["config-epoch"] + 0, is["monitor"] }' \
    /var/lib/redis/sentinel.conf
}
known() {
  memory
  for host in $sentinels; do [ "$host" = "$self" ] || answer "$host"; done
}
latest() { sort -s -rn -k 1,1 | awk 'NR == 1 { print $2 }'; }
replicas_up() {
  local host up most=0
  for host in $sentinels; do
    up=$(ask "$host" replicas | grep -A 1 -x flags | grep -cx slave)
    [ "$up" -le "$most" ] || most=$up
  done
  echo "$most"
}
mine() { [ "$1" = "$self" ] || ip -4 -o addr show | grep -qF " $1/"; }
# An empty one leaves files as well.
has_data() { [ -n "$(find "$home" \( -name '*.aof' -size +0 -o -name '*.rdb' -size +1k \) -print -quit 2>/dev/null)" ]; }
address_of() { getent ahostsv4 "$1" | awk 'NR == 1 { print $1 }'; }
# Whether none of the machines is at the address of the master, and nobody answers there.
nowhere() {
  local host
  mine "$1" && return 1
  for host in $sentinels; do
    if [ "$1" = "$host" ] || [ "$1" = "$(address_of "$host")" ]; then return 1; fi
  done
  [ -z "$(timeout 2 redis-cli -h "$1" -p "$port" ping 2>/dev/null)" ]
}
# A sentinel, by default this machine's own, forgets what it remembers of this instance. It reads its commands, since other processes see arguments.
begin_anew() {
  local key of value words
  [ -e /etc/redis/sentinel.masters ] || return 0
  timeout 5 sentinel-console "$@" <<<"sentinel remove $name" >/dev/null 2>&1
  while read -r _ key of value; do
    [ "$of" = "$name" ] || continue
    [ "$key" = monitor ] || of="$of $key" key="set"
    words=$(timeout 5 sentinel-console "$@" 2>&1 <<<"sentinel $key $of $value")
    [ "$words" = OK ] || { echo "redis-role: the sentinel${2+ of $2} does not take $key $of: ${words%%$'\n'*}" >&2; return 1; }
  done </etc/redis/sentinel.masters
}

master=$first
if [ -n "$sentinels" ]; then
  most=$(($(wc -w <<<"$sentinels") / 2 + 1))
  for second in $(seq 0 "$LIMIT_SECONDS"); do
    words=$(known)
    [ "$(grep -c . <<<"$words")" -lt "$most" ] || break
    [ $((second % 10)) != 0 ] || echo "redis-role: $name waits until most sentinels say who is master"
    sleep 1
  done
  master=$(latest <<<"$words")
  [ -n "$master" ] || { echo "redis-role: no sentinel knows the master of $name" >&2; exit 1; }
  # All machines were made anew over their disks, at other addresses: the sentinels do not find each other either, and nobody would be master again.
  # That takes longer than a failover, and than it takes until a machine that was made anew is found by its name.
  waited=0
  while nowhere "$master"; do
    if [ $waited -ge "$LIMIT_SECONDS" ]; then
      if mine "$first" && ! has_data && grep -qx 'appendonly yes' "/etc/redis/$name.settings"; then
        echo "redis-role: $name is empty here, and no machine is at $master, the last master: bring the copy of another machine to $home" >&2
        exit 1
      fi
      echo "redis-role: no machine is at $master, the last master of $name: $first is master"
      begin_anew || exit 1
      # Those of machines without this instance have nobody else to tell them; the others tell their own again.
      if mine "$first"; then for host in $sentinels; do [ "$host" = "$self" ] || begin_anew -h "$host"; done; fi
      master=$first
      break
    fi
    [ $((waited % 10)) != 0 ] || echo "redis-role: $name waits for a master: no machine is at $master, the last one"
    waited=$((waited + 1))
    sleep 1
    later=$(known | latest)
    master=${later:-$master}
  done
  waited=0
  while mine "$master" && ! has_data && [ "$(replicas_up)" -gt 0 ]; do
    echo "redis-role: $name is empty here, and replicas of it are up: waiting for one to take over"
    # Started again by systemd, it goes on waiting: only a person could say that the copies may go.
    [ $waited -lt "$LIMIT_SECONDS" ] || { echo "redis-role: none takes over; where the copy is: sentinel-console sentinel failover $name" >&2; exit 1; }
    waited=$((waited + 1))
    sleep 1
    master=$(known | latest)
  done
fi
if mine "$master"; then role=; else role="replicaof $master $port"; fi
install -d -o redis -g redis -m 0750 "$home"
aof=$home/appendonlydir
# Only where it does not stay up: reading all of it takes its time.
if [ -n "$role" ] && [ "$(systemctl show -P NRestarts "redis-server@$name")" -gt 1 ] && [ -e "$aof/appendonly.aof.manifest" ] &&
  ! redis-check-aof "$aof/appendonly.aof.manifest" >/dev/null 2>&1; then
  echo "redis-role: the file of $name is damaged, and a replica copies its master anyway: it is set aside as appendonlydir.damaged"
  rm -rf "$aof.damaged" && mv "$aof" "$aof.damaged"
fi
{
  cat "/etc/redis/$name.settings"
  [ -z "${further:-}" ] || echo 'replica-priority 0'
  printf '%s\n' "$role"
} >"$conf.new"
chown redis:redis "$conf.new" && chmod 0640 "$conf.new" && mv "$conf.new" "$conf"
echo "redis-role: $name starts as ${role:-master}"
