// Scripts that drills run inside machines of the site: `site.on(web, REDIS + "\nmaster", "SIDEKIQ_")`. They use what is there: bash and redis-cli.

/** A Redis by the prefix of its variables. */
export type Use = "" | "CACHE_" | "SIDEKIQ_";

/** What a machine is for, told by the files that it got. */
export const ROLES = `
is() { compgen -G "$2" >/dev/null && echo "$1"; }
is web /etc/mastodon/web.env
is streaming '/etc/mastodon/streaming-*.env'
is sidekiq /etc/mastodon/sidekiq.env
grep -qs -e '-q scheduler' /etc/containers/systemd/mastodon-sidekiq@.container && echo scheduler
is redis '/etc/redis/*.role'
is pgbouncer /etc/systemd/system/pgbouncer@.service
is postgres '/etc/systemd/system/postgresql@*.service.d'
is front-door /etc/haproxy/front.cfg
true`;

/** Finds a Redis as the web process of this machine does, by the prefix in $1; \`tell\` speaks to its master. */
export const REDIS = `
use=$1
grep -q "^\${use}REDIS_" /etc/mastodon/web.env || use=
value() { sed -n "s/^\${use}REDIS_$1=//p" /etc/mastodon/web.env; }
export REDISCLI_AUTH=$(value PASSWORD)
watched() { [ -n "$(value SENTINELS)" ]; }
sentinels=$(value SENTINELS | tr , ' ')
name=$(value SENTINEL_MASTER)
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
tell() {
  local host port url
  url=$(value URL)
  if [ -n "$url" ]; then timeout 2 redis-cli --no-auth-warning -u "$url" "$@"; return; fi
  read -r host port < <(master)
  timeout 2 redis-cli -h "\${host:-127.0.0.1}" -p "\${port:-6379}" "$@"
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
systemctl show 'mastodon-*.service' 'nginx.service' 'redis-*.service' 'pgbouncer@*.service' 'postgresql@*.service' 'haproxy.service' \\
  -p Id,MainPID,ExecMainStartTimestampMonotonic,ActiveState | paste -sd ' ' | sed 's/  /\\n/g' | grep -w ActiveState=active
echo "boot $(stat -c %Y /proc/1)"`;

/**
 * Writes as an app does, ten times a second, and asks the sentinels who is master whenever a write was refused; stops when its input ends.
 * Prints the time in milliseconds, a number, and `yes` or the first word of the refusal, nothing if no answer came.
 */
export const WRITER = `
end=$((SECONDS + 180))
key=$2
n=0
read -r host port < <(master)
while [ $SECONDS -lt $end ]; do
  read -r -t 0.1 _
  [ $? -gt 128 ] || break
  n=$((n + 1))
  answer=$(timeout 0.5 redis-cli -h "$host" -p "$port" rpush "$key" "$n" 2>/dev/null)
  if [[ $answer =~ ^[0-9]+$ ]]; then
    echo "$(date +%s%3N) $n yes"
  else
    echo "$(date +%s%3N) $n \${answer%% *}"
    read -r host port < <(master)
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
