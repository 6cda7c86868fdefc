// What a Redis machine does at its first boot and at each start of an instance: `redis(program, instance, "redis-2")`.
// The settings come from here at every start; only the role is remembered, and the sentinels' word on it comes first.

import { Program, Step } from "../../core/program";
import { Secret } from "../../core/secret";
import { NEVER_GIVEN_UP, unit } from "../../core/unit";
import { SENTINEL_PORT } from "../ports";

export interface RedisInstance {
  /** Its name, also as the sentinels' master. */
  readonly name: string;
  readonly port: number;
  readonly durable: boolean;
  readonly maxMemoryMib: number;
  readonly password: Secret;
  /** The machine that is master when nobody remembers another. */
  readonly first: string;
  /** Copies that can take over. */
  readonly replicas: number;
  readonly downAfterSeconds: number;
  /** The machines that watch it; none if nobody does. */
  readonly sentinels: readonly string[];
}

// At a reboot nothing else keeps an instance from starting before its disk is mounted, which would be an empty one. And a machine whose disk
// was full for a while must not stay dead after that.
export const ON_DISK = { RequiresMountsFor: "/var/lib/redis", ...NEVER_GIVEN_UP } as const;

/** One instance on one machine. */
export function redis(program: Program, instance: RedisInstance, self: string): void {
  const { name } = instance;
  program
    .add({ kind: "package", names: ["redis-server", "redis-tools"] })
    .add({ kind: "file", path: `/etc/redis/${name}.settings`, content: settings(instance), mode: "0600" })
    .add({ kind: "file", path: `/etc/redis/${name}.role`, content: role(instance, self), mode: "0600" })
    .add({ kind: "file", path: "/usr/local/sbin/redis-role", content: ROLE_SCRIPT, mode: "0755" })
    .add({
      kind: "file",
      path: `/etc/systemd/system/redis-server@${name}.service.d/10-mastodon.conf`,
      content: unit({
        Unit: ON_DISK,
        Service: {
          ExecStartPre: "+/usr/local/sbin/redis-role %i",
          // A large instance takes minutes to load, and counts as started only then.
          TimeoutStartSec: "infinity",
          TimeoutStopSec: 60,
          RestartSec: 1,
        },
      }),
    })
    .add({
      kind: "run",
      why: `Redis ${name}`,
      // Debian enables an instance of its own, which would take port 6379 at the next boot. And the uid of redis depends on which packages were
      // installed first, so a kept disk may belong to another user.
      script: `systemctl mask -q --now redis-server.service\ninstall -d -o redis -g redis -m 0750 /var/lib/redis/${name}\nchown -R redis:redis /var/lib/redis\n`,
    })
    .add(...(instance.durable ? mend(name) : []))
    // Else a fork for a snapshot can fail while half of the memory is free; a container's host has set it already.
    .add({ kind: "file", path: "/etc/sysctl.d/60-redis.conf", content: "vm.overcommit_memory = 1\n" })
    .add({ kind: "run", why: "kernel", script: "sysctl -qp /etc/sysctl.d/60-redis.conf || true\n" })
    .add({ kind: "start", units: [`redis-server@${name}.service`] })
    .readyWhen(
      `REDISCLI_AUTH=$(sed -n 's/^requirepass //p' /etc/redis/${name}.settings) redis-cli -p ${instance.port} info replication | grep -qE '^(role:master|master_link_status:up)' || { echo 'Redis ${name} is neither master nor in step with one'; false; }`,
    );
}

// Redis 8.0 goes on behind the gap that a full disk has left in its file, and finds at its next start that it cannot read it. A file that is
// written anew has no gap.
function mend(name: string): readonly Step[] {
  return [
    { kind: "file", path: "/usr/local/sbin/redis-mend", content: MEND_SCRIPT, mode: "0755" },
    {
      kind: "file",
      path: "/etc/systemd/system/redis-mend@.service",
      content: unit({
        Unit: { Description: "Redis %i writes its file anew after it could not write" },
        Service: { Type: "oneshot", ExecStart: "/usr/local/sbin/redis-mend %i", LogLevelMax: "notice" },
      }),
    },
    {
      kind: "file",
      path: "/etc/systemd/system/redis-mend@.timer",
      content: unit({
        Unit: { Description: "Looks once a minute whether Redis %i could write" },
        Timer: { OnActiveSec: 60, OnUnitActiveSec: 60 },
        Install: { WantedBy: "timers.target" },
      }),
    },
    { kind: "start", units: [`redis-mend@${name}.timer`] },
  ];
}

const MEND_SCRIPT = `#!/bin/bash
# After instance $1 had to refuse writes for want of disk, and can write again, has it write its file anew.
set -uo pipefail
name=$1
. "/etc/redis/$name.role"
REDISCLI_AUTH=$(sed -n 's/^requirepass //p' "/etc/redis/$name.settings")
export REDISCLI_AUTH
ask() { timeout 10 redis-cli -p "$port" "$@" 2>/dev/null; }
words=$(ask info everything) || exit 0
if ! grep -q '^redis_version:' <<<"$words"; then
  echo "redis-mend: $name cannot be asked whether it could write: \${words%%$'\\n'*}"
  exit 0
fi
refused=$(sed -n 's/^errorstat_MISCONF:count=\\([0-9]*\\).*/\\1/p' <<<"$words")
[ "\${refused:-0}" != "$(cat "/run/redis-$name/refused" 2>/dev/null || echo 0)" ] || exit 0
if ! grep -q '^aof_last_write_status:ok' <<<"$words"; then
  echo "redis-mend: $name refuses writes: $(df -h --output=avail "/var/lib/redis/$name" | tail -n 1 | xargs) of its disk are free"
elif [[ $(ask bgrewriteaof) = *started* ]]; then
  echo "redis-mend: $name has refused writes for want of disk, and writes its file anew"
  echo "$refused" >"/run/redis-$name/refused"
fi
`;

// A master that too few follow has been cut off: it stops accepting writes, which would be thrown away. Only a side with two sentinels promotes
// another, and the other side then has one of the first three machines, itself, and at the most all further ones: one copy fewer than there
// are never follow it there. With a single copy the loss of either machine would stop all writes, so it has none of this.
//
// It counts in whole seconds, once a second: 2 s after a copy's last word it refuses after 4 at the latest. Sentinels must not promote sooner.
const LAG_SECONDS = 2;

function settings({ name, port, durable, maxMemoryMib, password, replicas }: RedisInstance): string {
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
    // A copy whose connection breaks for a moment goes on from here. A whole copy takes minutes, and meanwhile it does not count as one.
    `repl-backlog-size ${Math.max(1, Math.floor(maxMemoryMib / 8))}mb`,
    "repl-diskless-sync-delay 0",
    `maxmemory ${maxMemoryMib}mb`,
    `maxmemory-policy ${durable ? "noeviction" : "allkeys-lru"}`,
    ...(replicas > 1 ? [`min-replicas-to-write ${replicas - 1}`, `min-replicas-max-lag ${LAG_SECONDS}`] : []),
    "",
  ].join("\n");
}

function role({ port, first, sentinels }: RedisInstance, self: string): string {
  // Callers know the sentinels' machines alone, and one of those is there as long as anybody can be promoted at all.
  const further = sentinels.length === 0 || sentinels.includes(self) ? "" : "further=yes\n";
  return `port=${port}\nself=${self}\nfirst=${first}\nsentinels="${sentinels.join(" ")}"\n${further}`;
}

// Sentinels may be wrong about the past, each after its own absence: what most of them know and the latest of it counts. And a master that
// lost its data would make its replicas drop theirs.
const ROLE_SCRIPT = `#!/bin/bash
# Decides before each start whether instance $1 is master or replica, and writes its configuration.
set -uo pipefail
name=$1
. "/etc/redis/$name.role"
conf=/etc/redis/redis-$name.conf
home=/var/lib/redis/$name
LIMIT_SECONDS=60

ask() { timeout 2 redis-cli -h "$1" -p ${SENTINEL_PORT} sentinel "$2" "$name" 2>/dev/null; }
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
has_data() { [ -n "$(find "$home" \\( -name '*.aof' -size +0 -o -name '*.rdb' -size +1k \\) -print -quit 2>/dev/null)" ]; }

master=$first
if [ -n "$sentinels" ]; then
  most=$(($(wc -w <<<"$sentinels") / 2 + 1))
  for second in $(seq 0 $LIMIT_SECONDS); do
    words=$(known)
    [ "$(grep -c . <<<"$words")" -lt "$most" ] || break
    [ $((second % 10)) != 0 ] || echo "redis-role: $name waits until most sentinels say who is master"
    sleep 1
  done
  master=$(latest <<<"$words")
  [ -n "$master" ] || { echo "redis-role: no sentinel knows the master of $name" >&2; exit 1; }
  waited=0
  while mine "$master" && ! has_data && [ "$(replicas_up)" -gt 0 ]; do
    echo "redis-role: $name is empty here, and replicas of it are up: waiting for one to take over"
    # Started again by systemd, it goes on waiting: only a person could say that the copies may go.
    [ $waited -lt $LIMIT_SECONDS ] || { echo "redis-role: none takes over; where the copy is: sentinel-console sentinel failover $name" >&2; exit 1; }
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
  [ -z "\${further:-}" ] || echo 'replica-priority 0'
  printf '%s\\n' "$role"
} >"$conf.new"
chown redis:redis "$conf.new" && chmod 0640 "$conf.new" && mv "$conf.new" "$conf"
echo "redis-role: $name starts as \${role:-master}"
`;
