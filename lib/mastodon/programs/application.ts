// What the machines of web, streaming and Sidekiq have in common: a container as a systemd unit, and nginx in front of it.

import { PROXY_OPEN_FILES } from "../../core/limits";
import { HTTP_PORT } from "../../core/ports";
import { Program } from "../../core/program";
import { AT_BOOT, NEVER_GIVEN_UP, RESTARTED, ServiceSection, unit, UnitSection } from "../../core/unit";
import { KILL_AFTER_SECONDS } from "../limits";
import { hasMetrics } from "../monitoring/monitored";
import { ACCESS_LOG, accessLog } from "./access-log";
import { LOST_PEERS } from "./lost-peers";
import { WebSockets } from "./web-sockets";

/** What a host needs to run containers of `image`. */
export function podman(program: Program, image: string): void {
  program
    .add({ kind: "package", names: ["podman", "crun"] })
    .add({ kind: "image", names: [image] })
    .add(...LOST_PEERS)
    // podman's own database holds every container's environment, and anyone may read it there.
    .add({ kind: "run", why: "containers are root's alone", script: "install -d -m 0700 /var/lib/containers\n" });
}

export interface Container {
  readonly description: string;
  readonly image: string;
  readonly name: string;
  readonly envFile?: string | readonly string[];
  readonly command: string;
  /** Volumes of the container, in podman's syntax. */
  readonly volumes?: readonly string[];
  /** The time limit of a graceful stop. */
  readonly stopSeconds: number;
  /** Units that must run before and with it. */
  readonly needs?: readonly UnitSection[];
  readonly service?: ServiceSection;
}

// Browsers put their token into the address of streaming. A line with one is dropped by the journal, before it is kept; one in which Mastodon
// has replaced it, as in `access_token=[Redacted]`, stays. The journal knows the unit, although it is podman that writes for the container.
const TOKEN = '(?i)token[=:"]{1,3}[a-z0-9_-]';

/** A Quadlet file, from which podman makes the unit. */
export function quadlet(container: Container): string {
  return unit({
    Unit: [
      {
        Description: container.description,
        Wants: "network-online.target",
        // systemd stops units in reverse order: when the machine shuts down, Sidekiq needs HAProxy's way to Redis to put its jobs back.
        After: "network-online.target haproxy.service pgbouncer.service pgbouncer@1.service pgbouncer@2.service",
        ...NEVER_GIVEN_UP,
      },
      ...(container.needs ?? []),
    ],
    Container: {
      Image: container.image,
      ContainerName: container.name,
      Network: "host",
      ...(container.envFile !== undefined && { EnvironmentFile: container.envFile }),
      Volume: container.volumes ?? [],
      Exec: container.command,
      StopTimeout: container.stopSeconds,
    },
    Service: {
      // Streaming exits with 0 when it crashes, so "on-failure" would leave it dead.
      Restart: "always",
      RestartSec: 2,
      LogFilterPatterns: `~${TOKEN}`,
      TimeoutStartSec: 900,
      TimeoutStopSec: container.stopSeconds + KILL_AFTER_SECONDS,
      ...container.service,
    },
    Install: AT_BOOT,
  });
}

export interface Nginx {
  readonly network: string;
  /** Proxies outside the network whose client addresses are trusted. */
  readonly trustedProxies?: readonly string[];
  /** Whether each response has this machine's name in `X-Served-By`. */
  readonly servedBy: boolean;
  /** After how long the front door closes an idle connection. nginx keeps it open longer, so that no request meets a closed one. */
  readonly idleSeconds: number;
  /** Upstreams, and the locations that lead to them or nowhere. */
  readonly upstreams: readonly string[];
  readonly locations: readonly string[];
  /** Limits for WebSockets, if it passes them on. */
  readonly webSockets?: WebSockets | undefined;
}

/** nginx with one server on port 80, behind the front door. */
export function nginx(program: Program, plan: Nginx): void {
  hasMetrics(program, "nginx");
  program
    .add({ kind: "package", names: ["nginx-light"] })
    .add({ kind: "file", path: "/etc/nginx/conf.d/mastodon.conf", content: server(plan) })
    .add({
      kind: "file",
      path: "/etc/systemd/system/nginx.service.d/10-mastodon.conf",
      content: nginxUnit(plan.webSockets),
    })
    .add({
      kind: "run",
      why: "nginx takes only our site, and as many connections as it is asked for",
      script: ownSite(plan.webSockets),
    })
    .add(...accessLog())
    .add({ kind: "start", units: ["nginx.service"] });
}

// Lines of the error log quote the whole request, and nginx has no other form for them; so the journal drops those with a query. What became of
// the request stands in the access log, without its query.
function nginxUnit(sockets: WebSockets | undefined): string {
  return unit({
    Unit: NEVER_GIVEN_UP,
    Service: { LimitNOFILE: sockets?.openFiles ?? PROXY_OPEN_FILES, ...RESTARTED, LogFilterPatterns: "~[?]" },
  });
}

// Debian has 768 connections per worker, and each request that is passed on needs one on both sides.
function ownSite(sockets: WebSockets | undefined): string {
  return `rm -f /etc/nginx/sites-enabled/default
sed -i 's/worker_connections [0-9]*;/worker_connections ${sockets?.workerConnections ?? 8192};/' /etc/nginx/nginx.conf
`;
}

function server(nginx: Nginx): string {
  const backlog = nginx.webSockets === undefined ? "" : ` backlog=${nginx.webSockets.backlog}`;
  return [
    ...nginx.upstreams,
    "",
    "map $http_upgrade $connection_upgrade {",
    "  default upgrade;",
    '  "" "";',
    "}",
    "",
    // Without https in this header Mastodon redirects in a loop.
    "map $http_x_forwarded_proto $forwarded_proto {",
    "  default $scheme;",
    "  https https;",
    "}",
    "",
    // Queries hold tokens, and so does the page that led here.
    'log_format path \'$remote_addr [$time_local] "$request_method $uri $server_protocol" $status $body_bytes_sent "$http_user_agent" \'',
    "  '$request_time $upstream_addr $upstream_status $upstream_response_time';",
    "error_log syslog:server=unix:/dev/log,nohostname;",
    "",
    "server {",
    `  access_log ${ACCESS_LOG} path;`,
    `  listen ${HTTP_PORT} default_server${backlog};`,
    `  listen [::]:${HTTP_PORT} default_server${backlog};`,
    "  server_name _;",
    "  server_tokens off;",
    `  keepalive_timeout ${nginx.idleSeconds + 15}s;`,
    ...[nginx.network, ...(nginx.trustedProxies ?? [])].map((range) => `  set_real_ip_from ${range};`),
    "  real_ip_header X-Forwarded-For;",
    "  real_ip_recursive on;",
    "  proxy_hide_header X-Served-By;",
    ...(nginx.servedBy ? ["  add_header X-Served-By $hostname always;"] : []),
    ...nginx.locations,
    "}",
    "",
  ].join("\n");
}

/** A location that passes requests, WebSockets too, on to an upstream; further lines come last. */
export function proxied(path: string, upstream: string, readSeconds: number, ...further: readonly string[]): readonly string[] {
  return [
    `  location ${path} {`,
    `    proxy_pass http://${upstream};`,
    "    proxy_http_version 1.1;",
    "    proxy_set_header Host $host;",
    "    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
    "    proxy_set_header X-Forwarded-Proto $forwarded_proto;",
    // Only nginx says who asks for what. A client's own word on these would be answered with an error page, or change a page that nginx keeps for all.
    ...["Forwarded", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Scheme", "X-Forwarded-Ssl", "Client-Ip", "Proxy"].map(
      (name) => `    proxy_set_header ${name} "";`,
    ),
    "    proxy_set_header Upgrade $http_upgrade;",
    "    proxy_set_header Connection $connection_upgrade;",
    "    proxy_connect_timeout 2s;",
    `    proxy_read_timeout ${readSeconds}s;`,
    "    proxy_next_upstream error timeout;",
    ...further,
    "  }",
  ];
}

/** Options of `podman run` for these volumes, each with a space behind it. */
export function volumeOptions(volumes: readonly string[]): string {
  return volumes.map((volume) => `--volume ${volume} `).join("");
}
