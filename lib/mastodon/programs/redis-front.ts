// The way to whichever machine is master of a Redis, as a port on a caller's own loopback: `redisFront(program, plan)`.
// HAProxy asks the sentinels and the machines themselves, and refuses at once whoever comes while nobody is master.

import { Program } from "../../core/program";
import { Secret } from "../../core/secret";
import { addressOf, hostProxy } from "./host-proxy";

export interface RedisFrontPlan {
  /** Its name, also as the sentinels' master. */
  readonly name: string;
  /** Where it listens, on its machines and on the caller's loopback. */
  readonly port: number;
  readonly password: Secret;
  /** The machines that may be master. */
  readonly machines: readonly string[];
  /** The machines whose sentinels say which it is; none if there is one machine only. */
  readonly sentinels: readonly string[];
  readonly sentinelPort: number;
}

/** Where, above an instance's own port, HAProxy answers its own checks. */
const OWN_WORD = 10_000;

export function redisFront(program: Program, plan: RedisFrontPlan): void {
  hostProxy(program, {
    what: `Redis ${plan.name}`,
    text: [
      sessions(plan),
      masters(plan),
      ownWord(plan),
      ...(plan.sentinels.length > 0 ? plan.machines : []).map(says(plan)),
    ].join("\n"),
    addresses: plan.sentinels.length > 0 ? plan.machines : [],
  });
}

// While nobody is master, a new connection is closed at once; the client tries again by itself, so HAProxy does not. Sessions end when their
// machine is master no longer, but at the earliest 400 ms later, when nobody is connecting to it any more: HAProxy 3.0 forgets whoever is
// still connecting to a server whose sessions it shuts down, and lets him wait for ever.
function sessions({ name, port, machines }: RedisFrontPlan): string {
  const chosen = machines.map((machine) => `  use-server ${machine} if { srv_is_up(redis-${name}-master/${machine}) }\n`);
  return `listen redis-${name}
  bind 127.0.0.1:${port}
  tcp-request connection reject if { nbsrv(redis-${name}-master) eq 0 }
  timeout connect 250ms
  timeout queue 250ms
  timeout check 1s
  no option redispatch
  retries 0
${chosen.join("")}  option tcp-check
  tcp-check connect addr 127.0.0.1 port ${port + OWN_WORD}
  tcp-check send-lf "GET /master/%[srv_name] HTTP/1.0\\r\\n\\r\\n"
  tcp-check expect min-recv 15 string "200 OK"
  default-server check inter 200ms fall 3 rise 1 on-marked-down shutdown-sessions
${servers(machines, port)}`;
}

// A machine is master while it says so itself, and most sentinels do too. One that is silent is found out within 2 s, a demoted one within 1 s.
function masters({ name, port, password, machines, sentinels }: RedisFrontPlan): string {
  const majority = `  tcp-check connect addr 127.0.0.1 port ${port + OWN_WORD}
  tcp-check send-lf "GET /most/%[srv_name] HTTP/1.0\\r\\n\\r\\n"
  tcp-check expect min-recv 15 string "200 OK"
`;
  return `backend redis-${name}-master
  timeout connect 250ms
  timeout check 700ms
  option tcp-check
  tcp-check connect
  tcp-check send "AUTH ${password}\\r\\n"
  tcp-check expect min-recv 5 string +OK
  tcp-check send "ROLE\\r\\n"
  tcp-check expect min-recv 14 string "\\r\\nmaster\\r\\n"
${sentinels.length > 0 ? majority : ""}  default-server check inter 500ms fastinter 250ms fall 2 rise 1
${servers(machines, port)}`;
}

// What HAProxy knows of its servers, for its own checks: they can only ask somebody.
function ownWord({ name, port, machines, sentinels }: RedisFrontPlan): string {
  const most = Math.floor(sentinels.length / 2) + 1;
  const answers = machines.flatMap((machine) => [
    `  http-request return status 200 if { path /master/${machine} } { srv_is_up(redis-${name}-master/${machine}) }\n`,
    ...(sentinels.length > 0
      ? [`  http-request return status 200 if { path /most/${machine} } { nbsrv(redis-${name}-is-${machine}) ge ${most} }\n`]
      : []),
  ]);
  return `frontend redis-${name}-own-word
  mode http
  bind 127.0.0.1:${port + OWN_WORD}
  timeout client 2s
${answers.join("")}  http-request return status 503
`;
}

// A check can only be right or wrong, so each sentinel is asked about each machine. Three machines make nine questions a second to three
// sentinels, and six to Redis. `min-recv` has a wrong answer judged when it is there; else a check waits for more of it.
const says =
  ({ name, sentinels, sentinelPort }: RedisFrontPlan) =>
  (machine: string) => `backend redis-${name}-is-${machine}
  timeout check 1s
  option tcp-check
  tcp-check connect
  tcp-check send "SENTINEL get-master-addr-by-name ${name}\\r\\n"
  tcp-check expect min-recv 20 string "\\r\\n${addressOf(machine)}\\r\\n"
  default-server check inter 1s fastinter 500ms fall 2 rise 1
${servers(sentinels, sentinelPort)}`;

function servers(machines: readonly string[], port: number): string {
  return machines.map((machine) => `  server ${machine} ${machine}:${port}\n`).join("");
}
