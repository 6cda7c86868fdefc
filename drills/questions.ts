// Scripts that drills run inside machines of the site: `site.on(web, REDIS + "\nmaster", "SIDEKIQ_")`. They use what is there: bash and redis-cli.

import { REDIS_PORTS } from "../lib/mastodon/ports";
import { DATA } from "../lib/mastodon/programs/postgres-names";

/** A Redis by the prefix of its variables. */
export type Use = "" | "CACHE_" | "SIDEKIQ_";

/**
 * Finds a Redis by the prefix of its variables in $1; `tell` speaks to its master, `app` says where an app of this machine writes.
 * `site.redis(use)` sets before it who watches it.
 */
export const REDIS = `
use=$1
grep -q "^\${use}REDIS_" /etc/mastodon/web.env || use=
value() { sed -n "s/^\${use}REDIS_$1=//p" /etc/mastodon/web.env; }
export REDISCLI_AUTH=$(value PASSWORD)
watched() { [ -n "$sentinels" ]; }
# Its address and port.
master() {
  local one
  if ! watched; then echo "$(value HOST) $(value PORT)"; return; fi
  # All at once: one of them may be dead.
  {
    for one in $sentinels; do
      REDISCLI_AUTH= timeout 0.5 redis-cli -h "\${one%:*}" -p "\${one#*:}" sentinel get-master-addr-by-name "$name" 2>/dev/null | paste -sd ' ' &
    done
    wait
  } | grep . | sort | uniq -c | sort -rn | awk 'NR == 1 { print $2, $3 }'
}
# Through its own host, or where the sentinels say.
app() { if [ -n "$(value SENTINELS)" ]; then master; else echo "$(value HOST) $(value PORT)"; fi; }
tell() {
  local host port url
  url=$(value URL)
  if [ -n "$url" ]; then timeout 2 redis-cli --no-auth-warning -u "$url" "$@"; return; fi
  read -r host port < <(master)
  timeout 2 redis-cli -h "\${host:-127.0.0.1}" -p "\${port:-${REDIS_PORTS.main}}" "$@"
}`;

/** How many jobs wait, are in hand, or wait to be tried again. */
export const QUEUES = `
set -o pipefail
sum=$(tell zcard retry) || exit 1
for queue in $(tell smembers queues); do sum=$((sum + $(tell llen "queue:$queue"))); done
for process in $(tell smembers processes); do busy=$(tell hget "$process" busy); sum=$((sum + \${busy:-0})); done
echo "$sum"`;

/** When each process of the machine's services was started. */
export const STARTED = `
systemctl show 'mastodon-*.service' nginx.service 'redis-*.service' 'pgbouncer@*.service' 'postgresql@*.service' patroni.service etcd.service haproxy.service \\
  -p Id,MainPID,ExecMainStartTimestampMonotonic,ActiveState | paste -sd ' ' | sed 's/  /\\n/g' | grep -w ActiveState=active
# Patroni starts PostgreSQL itself.
[ ! -e ${DATA}/postmaster.pid ] || echo "postgresql $(sed -n '1p; 3p' ${DATA}/postmaster.pid | paste -sd ' ')"
echo "boot $(stat -c %Y /proc/1)"`;

/**
 * Writes ten times a second until its input ends, to where the function in $3 says, which it asks again whenever a write was refused: `app`
 * for what an app does, `master` for what the sentinels say. Prints the time in milliseconds, a number, and `yes` or the first word of the refusal, nothing if no answer came.
 */
export const WRITER = `
end=$((SECONDS + 180))
key=$2
n=0
read -r host port < <("$3")
while [ $SECONDS -lt $end ]; do
  read -r -t 0.1 _
  [ $? -gt 128 ] || break
  n=$((n + 1))
  answer=$(timeout 0.5 redis-cli -h "$host" -p "$port" rpush "$key" "$n" 2>/dev/null)
  if [[ $answer =~ ^[0-9]+$ ]]; then
    echo "$(date +%s%3N) $n yes"
  else
    echo "$(date +%s%3N) $n \${answer%% *}"
    read -r host port < <("$3")
  fi
done
timeout 2 redis-cli -h "$host" -p "$port" expire "$key" 600 >/dev/null`;

/** The same on the master's own machine, where it goes on while nobody else can reach it. $1 is the instance, $2 the key. */
export const INSIDE_WRITER = `
end=$((SECONDS + 180))
instance=$1 key=$2
export REDISCLI_AUTH=$(sed -n 's/^requirepass //p' "/etc/redis/$instance.settings")
port=$(sed -n 's/^port //p' "/etc/redis/$instance.settings")
n=0
while [ $SECONDS -lt $end ]; do
  read -r -t 0.1 _
  [ $? -gt 128 ] || break
  n=$((n + 1))
  [[ $(timeout 1 redis-cli -p "$port" rpush "$key" "$n" 2>/dev/null) =~ ^[0-9]+$ ]] && answer=yes || answer=no
  echo "$(date +%s%3N) $n $answer"
done`;

/** Which run of the unit $1 this is; nothing while it does not run. */
export const RUN = `systemctl show "$1.service" -p ActiveState -p MainPID -p ExecMainStartTimestampMonotonic | grep -qx ActiveState=active || exit 0
systemctl show "$1.service" -p MainPID -p ExecMainStartTimestampMonotonic | paste -sd ' '`;

/** `own UNIT`: the processes of Ruby and Node in a unit's container. `workers UNIT`: those of them that are Puma's workers. */
export const OWN = `
own() {
  local pid
  for pid in $(find /sys/fs/cgroup/system.slice -path "*/$1.service/*" -name cgroup.procs -exec cat {} +); do
    case $(readlink "/proc/$pid/exe") in */ruby* | */node* | */pgbouncer*) echo "$pid" ;; esac
  done
}
workers() {
  local pid
  for pid in $(own "$1"); do
    if tr '\\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q '^puma: cluster worker'; then echo "$pid"; fi
  done
}`;
