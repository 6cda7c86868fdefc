// What a Redis machine does at its first boot and at each start of an instance: `redis(program, instance, "redis-2")`.
// The settings come from here at every start; only the role is remembered, and the sentinels' word on it comes first.

import { Program, Step } from "../../core/program";
import { Secret } from "../../core/secret";

export interface RedisInstance {
  /** Its name, also as the sentinels' master. */
  readonly name: string;
  readonly port: number;
  readonly durable: boolean;
  readonly maxMemoryMib: number;
  readonly password: Secret;
  /** The machine that is master when nobody remembers another. */
  readonly first: string;
  readonly downAfterSeconds: number;
  /** The machines that watch it; none if nobody does. */
  readonly sentinels: readonly string[];
  readonly sentinelPassword: Secret | undefined;
}

// At a reboot nothing else keeps an instance from starting before its disk is mounted, which would be an empty one.
const MOUNTED = "[Unit]\nRequiresMountsFor=/var/lib/redis\n\n";

/** One instance on one machine. */
export function redis(program: Program, instance: RedisInstance, self: string): void {
  const { name } = instance;
  program
    .add({ kind: "package", names: ["redis-server", "redis-tools"] })
    .add({ kind: "file", path: `/etc/redis/${name}.settings`, content: settings(instance), mode: "0600" })
    .add({ kind: "file", path: `/etc/redis/${name}.role`, content: role(instance, self), mode: "0600" })
    .add(...(instance.sentinelPassword === undefined ? [] : [sentinelSecret(instance.sentinelPassword)]))
    .add({ kind: "file", path: "/usr/local/sbin/redis-role", content: ROLE_SCRIPT, mode: "0755" })
    .add({
      kind: "file",
      path: `/etc/systemd/system/redis-server@${name}.service.d/10-mastodon.conf`,
      content:
        MOUNTED +
        "[Service]\nExecStartPre=+/usr/local/sbin/redis-role %i\nTimeoutStartSec=180\nTimeoutStopSec=60\nRestartSec=1\n",
    })
    .add({
      kind: "run",
      why: `Redis ${name}`,
      script: `chown redis:redis /var/lib/redis\ninstall -d -o redis -g redis -m 0750 /var/lib/redis/${name}\n`,
    })
    .add({ kind: "start", units: [`redis-server@${name}.service`] })
    .readyWhen(
      `REDISCLI_AUTH=$(sed -n 's/^requirepass //p' /etc/redis/${name}.settings) redis-cli -p ${instance.port} info replication | grep -qE '^(role:master|master_link_status:up)' || { echo 'Redis ${name} is neither master nor in step with one'; false; }`,
    );
}

/** The sentinel of one machine, for all instances that are watched from it. */
export function sentinel(program: Program, watched: () => readonly RedisInstance[], password: Secret): void {
  program
    .add({ kind: "package", names: ["redis-sentinel", "redis-tools"] })
    .add({ kind: "file", path: "/etc/redis/sentinel.settings", content: () => sentinelSettings(password), mode: "0600" })
    .add({ kind: "file", path: "/etc/redis/sentinel.masters", content: () => watched().map(monitor).join(""), mode: "0600" })
    .add({
      kind: "file",
      path: "/etc/systemd/system/redis-sentinel.service.d/10-mastodon.conf",
      content:
        MOUNTED +
        "[Service]\nType=simple\nExecStart=\nExecStart=/usr/bin/redis-sentinel /var/lib/redis/sentinel.conf --supervised no --daemonize no\nRestart=always\nRestartSec=1\nTimeoutStopSec=10\n",
    })
    .add({ kind: "run", why: "sentinel", script: SENTINEL_SCRIPT });
}

function sentinelSecret(password: Secret): Step {
  return { kind: "file", path: "/etc/redis/sentinel.secret", content: `requirepass ${password}\n`, mode: "0600" };
}

function settings({ name, port, durable, maxMemoryMib, password, sentinels }: RedisInstance): string {
  return [
    `port ${port}`,
    "bind * -::*",
    "protected-mode no",
    "supervised systemd",
    `dir /var/lib/redis/${name}`,
    `pidfile /run/redis-${name}/redis-server.pid`,
    `requirepass ${password}`,
    `masterauth ${password}`,
    'save ""',
    `appendonly ${durable ? "yes" : "no"}`,
    "appendfsync everysec",
    `maxmemory ${maxMemoryMib}mb`,
    `maxmemory-policy ${durable ? "noeviction" : "allkeys-lru"}`,
    // A master that nobody follows has been cut off: it stops accepting writes that would be thrown away. A cache may lose them.
    ...(durable && sentinels.length > 0 ? ["min-replicas-to-write 1", "min-replicas-max-lag 3"] : []),
    "",
  ].join("\n");
}

// Its own sentinel comes last: on a machine that lost its disk it knows the page's first master only.
function role({ port, first, sentinels }: RedisInstance, self: string): string {
  const asked = [...sentinels.filter((name) => name !== self), ...sentinels.filter((name) => name === self)];
  return `port=${port}\nself=${self}\nfirst=${first}\nsentinels="${asked.join(" ")}"\n`;
}

// A restarted master that lost its data would make its replicas drop theirs: while one of them is up, wait until it has taken over.
const ROLE_SCRIPT = `#!/bin/bash
# Decides before each start whether instance $1 is master or replica, and writes its configuration.
set -uo pipefail
name=$1
. "/etc/redis/$name.role"
conf=/etc/redis/redis-$name.conf
home=/var/lib/redis/$name
ask() { REDISCLI_AUTH=$(sed -n 's/^requirepass //p' /etc/redis/sentinel.secret) timeout 2 redis-cli -h "$1" -p 26379 "\${@:2}" 2>/dev/null; }
master() { for host in $sentinels; do ask "$host" sentinel get-master-addr-by-name "$name" | head -n 1 | grep -E '^[0-9.]+$' && return; done; }
replicas_up() { for host in $sentinels; do ask "$host" sentinel replicas "$name" | grep -A 1 -x flags | grep -cx slave && return; done; }
mine() { ip -4 -o addr show | grep -qF " $1/"; }
has_data() { [ -n "$(find "$home" -name '*.aof' -size +0 -print -quit 2>/dev/null)" ]; }

now=$(master)
if [ -n "$now" ] && mine "$now" && ! has_data; then
  for _ in $(seq 90); do
    up=$(replicas_up)
    [ "\${up:-0}" -gt 0 ] || break
    echo "redis-role: $name is empty here, and $up replicas are up: waiting for one to take over"
    sleep 1
    now=$(master)
    mine "$now" || break
  done
fi
if [ -n "$now" ]; then
  mine "$now" && role= || role="replicaof $now $port"
elif [ -e "$home/role" ]; then
  role=$(cat "$home/role")
elif [ "$first" = "$self" ]; then
  role=
else
  role="replicaof $first $port"
fi
install -d -o redis -g redis -m 0750 "$home"
printf '%s\\n' "$role" >"$home/role"
{ cat "/etc/redis/$name.settings"; printf '%s\\n' "$role"; } >"$conf.new"
chown redis:redis "$conf.new" && chmod 0640 "$conf.new" && mv "$conf.new" "$conf"
echo "redis-role: $name starts as \${role:-master}"
`;

function sentinelSettings(password: Secret): string {
  return [
    "port 26379",
    "bind * -::*",
    "protected-mode no",
    "dir /var/lib/redis",
    "sentinel resolve-hostnames yes",
    `requirepass ${password}`,
    `sentinel sentinel-pass ${password}`,
    "",
  ].join("\n");
}

function monitor({ name, port, password, first, downAfterSeconds, sentinels }: RedisInstance): string {
  return [
    `sentinel monitor ${name} ${first} ${port} ${Math.floor(sentinels.length / 2) + 1}`,
    `sentinel auth-pass ${name} ${password}`,
    `sentinel down-after-milliseconds ${name} ${downAfterSeconds * 1000}`,
    `sentinel failover-timeout ${name} ${downAfterSeconds * 3000 + 10_000}`,
    `sentinel parallel-syncs ${name} 1`,
    "",
  ].join("\n");
}

// Sentinel owns its file: it remembers who is master. Only masters that it has never heard of are added.
const SENTINEL_SCRIPT = `chown redis:redis /var/lib/redis
conf=/var/lib/redis/sentinel.conf
[ -s $conf ] || cp /etc/redis/sentinel.settings $conf
for name in $(awk '$2 == "monitor" { print $3 }' /etc/redis/sentinel.masters); do
  grep -q "^sentinel monitor $name " $conf || awk -v name="$name" '$3 == name' /etc/redis/sentinel.masters >>$conf
done
chown redis:redis $conf && chmod 0640 $conf
systemctl daemon-reload
systemctl enable redis-sentinel.service
systemctl restart --no-block redis-sentinel.service
`;
