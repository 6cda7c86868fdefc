// The sentinel of a machine, which monitors Redis: `sentinel(program, () => instances, password)`.

import { join } from "node:path";
import { Program } from "../../core/program";
import { script } from "../../core/script";
import { Secret } from "../../core/secret";
import { RESTARTED, unit } from "../../core/unit";
import { isMonitored } from "../monitoring/monitored";
import { REDIS_PORTS, SENTINEL_PORT } from "../ports";
import { ON_DISK, RedisInstance } from "./redis";

/** How long before `downAfterSeconds` a sentinel gives up by itself: they ask once a second, and a second goes by until they agree. */
const AGREEING_MS = 1000;
/**
 * How much later than the first a machine's other masters are given up. Sentinels count their votes in one number for all masters, so of two
 * elections at the same moment the first has to be asked for again a second later. One takes some 150 ms.
 */
const APART_MS: Readonly<Record<number, number>> = {
  [REDIS_PORTS.main]: 0,
  [REDIS_PORTS.sidekiq]: 300,
  [REDIS_PORTS.cache]: 600,
};

/**
 * How long an election and a promotion may take; after twice that time, and up to a second more, the sentinels try again. Two of them that ask for
 * votes within milliseconds get none, and with Redis' usual three minutes nobody would be master for six. A promotion is seen after a second. Copies
 * that have not begun to follow the new master by then are all told at once, whatever `parallel-syncs` says.
 */
const FAILOVER_MS = 2500;

/** The sentinel of one machine, for all instances that it monitors. */
export function sentinel(program: Program, watched: () => readonly RedisInstance[], password: Secret): void {
  program
    .add({ kind: "package", names: ["redis-sentinel", "redis-tools"] })
    .add({
      kind: "file",
      path: "/etc/redis/sentinel.settings",
      content: () => sentinelSettings(password, isMonitored(program)),
      mode: "0600",
    })
    .add({ kind: "file", path: "/usr/local/bin/sentinel-console", content: CONSOLE, mode: "0755" })
    .add({
      kind: "file",
      path: "/etc/redis/sentinel.masters",
      content: () => watched().map(monitor).join(""),
      mode: "0600",
      renewedLines: "^sentinel (monitor|auth-pass) ",
      taken: { what: "Sentinel", does: "set", script: script(join(__dirname, "sentinel-settings.sh")) },
    })
    .add({
      kind: "file",
      path: "/etc/systemd/system/redis-sentinel.service.d/10-mastodon.conf",
      content: unit({
        Unit: ON_DISK,
        Service: {
          Type: "simple",
          ExecStart: ["", "/usr/bin/redis-sentinel /var/lib/redis/sentinel.conf --supervised no --daemonize no"],
          ...RESTARTED,
          TimeoutStopSec: 10,
        },
      }),
    })
    .add({ kind: "run", why: "sentinel", script: script(join(__dirname, "sentinel.sh")) });
}

// Queries for the master need no password: the Redis client of Mastodon before 4.6 cannot give one to a sentinel. Commands that change anything
// need the sentinels' password.
const ASKING = [
  "+auth +hello +ping +command +info +role +subscribe +psubscribe +unsubscribe +punsubscribe",
  "+client|setname +client|setinfo +client|getname +client|id",
  "+sentinel|get-master-addr-by-name +sentinel|master +sentinel|masters +sentinel|replicas +sentinel|slaves +sentinel|sentinels +sentinel|myid",
].join(" ");
/** Whether enough sentinels answer for a promotion, which the exporter asks. */
const EXPORTED = "+sentinel|ckquorum";

const CONSOLE = `#!/bin/bash
# The sentinel of this machine with all rights: sentinel-console sentinel masters, or sentinel-console sentinel failover NAME.
set -euo pipefail
REDISCLI_AUTH=$(sed -n 's/^sentinel sentinel-pass //p' /etc/redis/sentinel.settings) exec redis-cli -p ${SENTINEL_PORT} --user sentinel "$@"
`;

function sentinelSettings(password: Secret, monitored: boolean): string {
  return [
    `port ${SENTINEL_PORT}`,
    "bind * -::*",
    "protected-mode no",
    "dir /var/lib/redis",
    "sentinel resolve-hostnames yes",
    `user default on nopass allchannels -@all ${monitored ? `${ASKING} ${EXPORTED}` : ASKING}`,
    `user sentinel on >${password} allchannels +@all`,
    "sentinel sentinel-user sentinel",
    `sentinel sentinel-pass ${password}`,
    "",
  ].join("\n");
}

/** The sentinels' `down-after-milliseconds` for `downAfterSeconds`, for the Redis of that port. */
export function silentMs(downAfterSeconds: number, port: number): number {
  return downAfterSeconds * 1000 - Math.min(AGREEING_MS, downAfterSeconds * 500) + (APART_MS[port] ?? 0);
}

function monitor({ name, port, password, first, downAfterSeconds, sentinels }: RedisInstance): string {
  return [
    `sentinel monitor ${name} ${first} ${port} ${Math.floor(sentinels.length / 2) + 1}`,
    `sentinel auth-pass ${name} ${password}`,
    `sentinel down-after-milliseconds ${name} ${silentMs(downAfterSeconds, port)}`,
    `sentinel failover-timeout ${name} ${FAILOVER_MS}`,
    `sentinel parallel-syncs ${name} 1`,
    "",
  ].join("\n");
}
