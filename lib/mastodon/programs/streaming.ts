// Installs streaming on a machine at its first boot: `streaming(program, plan)`.

import { Env } from "../../core/env";
import { Program } from "../../core/program";
import { certificateVolumes } from "../trust";
import { nginx, podman, proxied, quadlet } from "./application";
import { watchdog } from "./watchdog";
import { kernelForWebSockets, WebSockets } from "./web-sockets";

export interface StreamingPlan {
  readonly image: string;
  readonly command: string;
  readonly envs: ReadonlyMap<number, Env>;
  readonly network: string;
  /** Where the front door is, if not in the network. */
  readonly frontDoor: readonly string[];
  readonly servedBy: boolean;
  readonly idleSeconds: number;
  /** What the machine needs for its WebSockets. */
  readonly webSockets: WebSockets;
}

export function streaming(program: Program, plan: StreamingPlan): void {
  streamingProcesses(program, plan);
  nginx(program, {
    ...plan,
    trustedProxies: plan.frontDoor,
    upstreams: streamingUpstream([...plan.envs.keys()]),
    // Nothing else: /metrics is on the same port, unauthenticated, and Node finds it as /METRICS/ too.
    locations: [...streamingLocation(), "  location / { return 404; }"],
  });
  program.readyWhen("curl -fsS -m 2 -o /dev/null http://127.0.0.1/api/v1/streaming/health");
}

export type Processes = Pick<StreamingPlan, "image" | "command" | "envs" | "webSockets">;

/** The processes alone, one unit each. */
export function streamingProcesses(program: Program, plan: Processes): void {
  const ports = [...plan.envs.keys()];
  podman(program, plan.image);
  kernelForWebSockets(program, plan.webSockets);
  program.add({ kind: "package", names: ["curl"] });
  for (const [port, env] of plan.envs) {
    program.add({
      kind: "file",
      path: `/etc/mastodon/streaming-${port}.env`,
      content: () => env.render(),
      mode: "0600",
      from: () => env.largest(),
    });
  }
  program
    .add({
      kind: "file",
      path: "/etc/containers/systemd/mastodon-streaming@.container",
      content: quadlet({
        description: "Mastodon streaming on port %i",
        image: plan.image,
        name: "mastodon-streaming-%i",
        envFile: "/etc/mastodon/streaming-%i.env",
        volumes: [...new Set([...plan.envs.values()].flatMap(certificateVolumes))],
        command: plan.command,
        stopSeconds: 10,
      }),
    })
    .add({ kind: "run", why: "one unit a process", script: instances("mastodon-streaming", ports) })
    .add({ kind: "start", units: ports.map(streamingUnit), atBoot: false });
  watchdog(program);
  for (const port of ports) program.readyWhen(`curl -fsS -m 2 -o /dev/null http://127.0.0.1:${port}/api/v1/streaming/health`);
}

/** The unit of a process, by its port. */
export function streamingUnit(port: number): string {
  return `mastodon-streaming@${port}.service`;
}

/** Generated template units cannot be enabled; a linked instance is started at boot. */
export function instances(unit: string, names: readonly (string | number)[]): string {
  return names.map((name) => `ln -sf ${unit}@.container /etc/containers/systemd/${unit}@${name}.container\n`).join("");
}

/** nginx spreads over the processes of its own host. */
export function streamingUpstream(ports: readonly number[]): readonly string[] {
  return [
    "upstream streaming {",
    "  least_conn;",
    "  zone streaming 64k;",
    ...ports.map((port) => `  server 127.0.0.1:${port} max_fails=1 fail_timeout=2s;`),
    "  keepalive 16;",
    // Node closes an idle connection after 5 s; nginx must close it sooner.
    "  keepalive_timeout 4s;",
    "}",
  ];
}

/** Where WebSockets and event streams come in. One may be silent for a long time, and a buffer would hold events back until it is full. */
export function streamingLocation(): readonly string[] {
  return proxied("/api/v1/streaming", "streaming", 3600, "    proxy_buffering off;");
}
