// HAProxy in front of the current master of a Redis, as a port on the client's loopback: `redisFront(program, plan)`.
// It checks the sentinels and the machines, and refuses connections at once while there is no master.

import { join } from "node:path";
import { Program } from "../../core/program";
import { script } from "../../core/script";
import { Secret } from "../../core/secret";
import { SENTINEL_PORT } from "../ports";
import { hostProxy } from "./host-proxy";

export interface RedisFrontPlan {
  /** Its name, also as the sentinels' master. */
  readonly name: string;
  /** Its port, on its machines and on the client's loopback. */
  readonly port: number;
  readonly password: Secret;
  /** The machines that may be master. */
  readonly machines: readonly string[];
  /** The three machines with sentinels; none if there is one machine only. */
  readonly sentinels: readonly string[];
}

const SCRIPT = "/usr/local/sbin/redis-front";

// Written out on the machine, where /etc/hosts has the addresses that sentinels speak of; a page cannot say those that the cloud computes.
// Three ways would also be half of what some clouds take as a boot text.
//
// The sections of a Redis NAME, as redis-front.sh writes them:
// - `redis-NAME` accepts connections. While there is no master, they are closed at once; HAProxy does not retry, since clients do. Sessions end when
//   their machine is no longer master, but at the earliest 500 ms later, when every attempt to connect has reached its limit of 250 ms: HAProxy 3.0
//   forgets sessions that are still connecting to a server whose sessions it shuts down, and they wait without end.
// - `redis-NAME-master` determines the master: a machine whose own role is master and that most sentinels name. One that does not answer is removed
//   within 3 s, one that is down or demoted within 1.5 s.
// - `redis-NAME-own-word` answers HAProxy's own checks from HAProxy's state of its servers, since a check always needs a server.
// - `redis-NAME-is-MACHINE` counts the sentinels that name this machine as master, since a check can only pass or fail. Others are checked
//   more often (`downinter`), to find a new master soon. Three machines make fifteen requests a second to three sentinels, and ten to Redis.
// With `min-recv` a wrong response fails at once; otherwise a check waits for more data.
export function redisFront(program: Program, { name, port, password, machines, sentinels }: RedisFrontPlan): void {
  program.add({
    kind: "file",
    path: SCRIPT,
    content: script(join(__dirname, "redis-front.sh"), { SENTINEL_PORT }),
    mode: "0755",
  });
  hostProxy(program, {
    what: `Redis ${name}`,
    text: `redis ${name} ${port} ${password} ${sentinels.join(",") || "none"} ${machines.join(",")}\n`,
    writtenBy: SCRIPT,
  });
}
