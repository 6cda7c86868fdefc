// The way to whichever machine is master of a Redis, as a port on a caller's own loopback: `redisFront(program, plan)`.
// HAProxy asks the sentinels and the machines themselves, and refuses at once whoever comes while nobody is master.

import { join } from "node:path";
import { Program } from "../../core/program";
import { script } from "../../core/script";
import { Secret } from "../../core/secret";
import { SENTINEL_PORT } from "../ports";
import { hostProxy } from "./host-proxy";

export interface RedisFrontPlan {
  /** Its name, also as the sentinels' master. */
  readonly name: string;
  /** Where it listens, on its machines and on the caller's loopback. */
  readonly port: number;
  readonly password: Secret;
  /** The machines that may be master. */
  readonly machines: readonly string[];
  /** The three machines whose sentinels say which it is; none if there is one machine only. */
  readonly sentinels: readonly string[];
}

const SCRIPT = "/usr/local/sbin/redis-front";

// Written out on the machine, where /etc/hosts has the addresses that sentinels speak of; a page cannot say those that the cloud computes.
// Three ways would also be half of what some clouds take as a boot text.
//
// The sections of a Redis NAME, as redis-front.sh writes them:
// - `redis-NAME` takes connections. While nobody is master, they are closed at once; the client tries again by itself, so HAProxy does not.
//   Sessions end when their machine is master no longer, but at the earliest 500 ms later, when every attempt to connect has met its limit of
//   250 ms: HAProxy 3.0 forgets whoever is still connecting to a server whose sessions it shuts down, and lets him wait for ever.
// - `redis-NAME-master` knows who is master: who says so himself, and whom most sentinels name. One that is silent is found out within 3 s, one
//   that is dead or demoted within 1.5 s.
// - `redis-NAME-own-word` answers HAProxy's own checks with what HAProxy knows of its servers; a check can only ask somebody.
// - `redis-NAME-is-MACHINE` counts the sentinels that name this machine, since a check can only be right or wrong. Who is not master is asked
//   about more often (`downinter`), since a new one is waited for. Three machines make fifteen questions a second to three sentinels, and ten to Redis.
// `min-recv` has a wrong answer judged when it is there; else a check waits for more of it.
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
