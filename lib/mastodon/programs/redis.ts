// Installs Redis on a machine, and configures each start of an instance: `redis(program, instance, "redis-2")`.
// Every start writes the settings anew; only the role is kept, and the sentinels' state of it has precedence.

import { join } from "node:path";
import { Program, Step } from "../../core/program";
import { script } from "../../core/script";
import { Secret } from "../../core/secret";
import { NEVER_GIVEN_UP, unit } from "../../core/unit";
import { SENTINEL_PORT } from "../ports";

export interface RedisInstance {
  /** Its name, also as the sentinels' master. */
  readonly name: string;
  readonly port: number;
  readonly durable: boolean;
  readonly maxMemoryMib: number;
  /** Whether `maxMemoryMib` was computed from the machine's memory, which only a renewal changes. */
  readonly memoryFollowsSize: boolean;
  readonly password: Secret;
  /** The first master, if no machine has recorded another. */
  readonly first: string;
  /** The number of replicas. */
  readonly replicas: number;
  readonly downAfterSeconds: number;
  /** The machines with sentinels that monitor it, if any. */
  readonly sentinels: readonly string[];
}

// At a reboot nothing else keeps an instance from starting before its disk is mounted, which would be an empty one. And a machine whose disk
// was full for a while must not stay dead after that.
export const ON_DISK = { RequiresMountsFor: "/var/lib/redis", ...NEVER_GIVEN_UP } as const;

// Sentinels may be wrong about the past, each after its own absence: what most of them know and the latest of it counts. And a master that
// lost its data would make its replicas drop theirs.
const ROLE = script(join(__dirname, "redis-role.sh"), { SENTINEL_PORT, LIMIT_SECONDS: 60 });
const MEND = script(join(__dirname, "redis-mend.sh"));

// Replicas, sentinels and all clients use the same password, so it changes on all of them.
const PASSWORDS = ["requirepass", "masterauth"];
/** With replicas that the page adds, a master would refuse writes until they have copied: their number changes by the renewals that add them. */
const COPIES = ["min-replicas-to-write", "min-replicas-max-lag"];
const MEMORY = ["maxmemory", "repl-backlog-size"];

/** One instance on one machine. */
export function redis(program: Program, instance: RedisInstance, self: string): void {
  const { name } = instance;
  program
    .add({ kind: "package", names: ["redis-server", "redis-tools"] })
    .add({
      kind: "file",
      path: `/etc/redis/${name}.settings`,
      content: settings(instance),
      mode: "0600",
      renewedLines: `^(${[...PASSWORDS, ...COPIES, ...(instance.memoryFollowsSize ? MEMORY : [])].join("|")}) `,
      taken: {
        what: `Redis ${name}`,
        does: "set",
        script: script(join(__dirname, "redis-settings.sh"), { NAME: name, PORT: instance.port }),
      },
    })
    .add({ kind: "file", path: `/etc/redis/${name}.role`, content: role(instance, self), mode: "0600" })
    .add({ kind: "file", path: "/usr/local/sbin/redis-role", content: ROLE, mode: "0755" })
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
      script: `systemctl mask -q --now redis-server.service\ninstall -d -o redis -g redis -m 0750 /var/lib/redis/${name}\nchown redis:redis /var/lib/redis\nchown -R redis:redis /var/lib/redis/${name}\n`,
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
    { kind: "file", path: "/usr/local/sbin/redis-mend", content: MEND, mode: "0755" },
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

// A master with too few replicas may have been cut off by the network: it stops accepting writes, which would be lost. Only a side with two sentinels
// promotes another; the old master's side then has one of the first three machines, itself, and at most all further ones. So it cannot have all
// replicas but one there. With a single replica the loss of either machine would stop all writes, so this is off then.
//
// Redis checks once a second, in whole seconds: with a limit of 2 s since a replica's last message it refuses writes after 4 s at the latest.
// Sentinels must not promote sooner.
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
  // Clients are configured with the sentinels' machines only, one of which is up as long as a promotion is possible.
  const further = sentinels.length === 0 || sentinels.includes(self) ? "" : "further=yes\n";
  return `port=${port}\nself=${self}\nfirst=${first}\nsentinels="${sentinels.join(" ")}"\n${further}`;
}
