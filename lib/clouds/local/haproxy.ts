// The program of the front door's machine: `haproxy("social.example", routes)`.
// The members of a route are not a part of it: the driver sets them with the command `targets`, which changes HAProxy while it runs.

import { join } from "node:path";
import { RouteSpec } from "../../core/cloud";
import { Flow } from "../../core/flow";
import { nftables } from "../../core/nftables";
import { HEALTH_TIMEOUT_SECONDS, KEEPALIVE, LOCAL_PORTS, PROXY_OPEN_FILES } from "../../core/limits";
import { HTTP_PORT, HTTPS_PORT } from "../../core/ports";
import { Program } from "../../core/program";
import { script } from "../../core/script";
import { unit } from "../../core/unit";

/** @param further other connections that the machine accepts */
export function haproxy(domain: string, routes: readonly RouteSpec[], further: readonly Flow[] = []): Program {
  const sorted = [...routes].sort((a, b) => (a.host < b.host ? -1 : 1));
  const world = {
    from: { kind: "external", name: "the world" },
    sources: ["0.0.0.0/0"],
    to: { kind: "host", name: "front-door", role: "cloud" },
  } as const;
  const openings = [HTTP_PORT, HTTPS_PORT].map((port) => ({ ...world, port, why: "browsers and other servers" }));
  const connections = sorted.reduce((sum, { clients = 0 }) => sum + clients, CONNECTIONS_FOR_REQUESTS);
  const program = new Program()
    .add({ kind: "package", names: ["haproxy", "nftables", "openssl", "socat"] })
    .add({ kind: "file", path: "/etc/nftables.conf", content: nftables([...openings, ...further]), mode: "0600" })
    .add({
      kind: "file",
      path: "/etc/systemd/system/haproxy.service.d/limits.conf",
      content: unit({ Service: { LimitNOFILE: Math.max(PROXY_OPEN_FILES, 2 * connections + OTHER_FILES) } }),
    })
    .add({ kind: "file", path: "/etc/haproxy/front.cfg", content: front(sorted, connections) });
  if (connections > LOCAL_PORTS.ofTheKernel) ports(program);
  for (const route of sorted) {
    program
      .add({ kind: "file", path: `/etc/haproxy/routes/${route.host}.cfg`, content: backend(route) })
      .add({ kind: "file", path: `/etc/haproxy/routes/${route.host}.server`, content: server(route) });
  }
  return program
    .add({ kind: "file", path: "/usr/local/sbin/targets", content: TARGETS, mode: "0755" })
    .add({ kind: "run", why: "firewall", script: "systemctl enable nftables\nnft -f /etc/nftables.conf\n" })
    .add({ kind: "run", why: "certificate", script: certificate([domain, ...sorted.map((route) => route.host)]) })
    .add({ kind: "run", why: "no members yet", script: sorted.map((route) => `targets ${route.host}\n`).join("") })
    .add({ kind: "start", units: ["haproxy.service"] })
    .readyWhen("systemctl is-active -q haproxy || { echo 'HAProxy is not running'; false; }")
    .readyWhen(WELL);
}

// A member may have to carry all WebSockets of its route, each of which takes a port of this machine.
function ports(program: Program): void {
  const path = "/etc/sysctl.d/60-front-door.conf";
  const { first, last } = LOCAL_PORTS.widened;
  program
    .add({ kind: "file", path, content: `net.ipv4.ip_local_port_range = ${first} ${last}\n` })
    .add({ kind: "run", why: "ports", script: `sysctl -qp ${path}\n` });
}

// Before the first gate of a pool a route has no members. Then the machine is ready all the same.
const WELL = `socat - /run/haproxy/admin.sock <<<'show stat -1 4 -1' | awk -F, '/^[^#]/ { all[$1]++; well[$1] += $18 ~ /^UP/ }
  END { for (route in all) if (!well[route]) { print "no member of " route " is well"; bad = 1 } exit bad }'`;

// HAProxy's HTTP log format, but with the path only: browsers send their access token in the query of a WebSocket's URL.
const LOG = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %HM %HPO %HV";

/** Connections besides the WebSockets that the page asks for. */
const CONNECTIONS_FOR_REQUESTS = 4_000;
/** Of HAProxy: listening sockets, health checks and its own pipes. */
const OTHER_FILES = 1024;

// A member that loses power does not close its connections, and a WebSocket that waits for events sends nothing. Without keepalive its clients would
// stay connected to the front door without a member behind it. A computer may allow a process fewer open files than the page asks for, even root's: then
// HAProxy says so in its log, and takes as many connections as it may; with strict limits it would not start.
function front(routes: readonly RouteSpec[], connections: number): string {
  return `global
  log /dev/log local0
  stats socket /run/haproxy/admin.sock mode 600 level admin
  maxconn ${connections}
  no strict-limits
  hard-stop-after 30s

defaults
  mode http
  log global
  log-format "${LOG}"
  option dontlognull
  option redispatch
  retries 2
  timeout http-request 10s
  timeout connect 3s
  timeout check ${HEALTH_TIMEOUT_SECONDS}s
  timeout queue 10s
  timeout client 60s
  timeout server 120s
  timeout http-keep-alive 60s
  timeout tunnel 1h
  option srvtcpka
  srvtcpka-idle ${KEEPALIVE.idleSeconds}s
  srvtcpka-intvl ${KEEPALIVE.intervalSeconds}s
  srvtcpka-cnt ${KEEPALIVE.probes}

frontend world
  bind :${HTTP_PORT}
  bind :${HTTPS_PORT} ssl crt /etc/haproxy/certificate.pem alpn h2,http/1.1
  http-request redirect scheme https code 301 unless { ssl_fc }
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto https
${routes.map(({ host }) => `  use_backend ${host} if { req.hdr(host),field(1,:),lower -m str ${host} }`).join("\n")}
  default_backend nowhere

backend nowhere
  http-request return status 404 content-type text/plain string "no such site"
`;
}

function backend({ host, check }: RouteSpec): string {
  return `backend ${host}
  balance leastconn
  option httpchk
  http-check send meth GET uri ${check.path} ver HTTP/1.1 hdr Host ${host}
  http-check expect status ${check.status}
`;
}

// The part of a server line after the member's address.
function server({ port, check }: RouteSpec): string {
  return `${port} check port ${check.port} inter 2s fall 2 rise 1`;
}

/** OpenSSL limits it to 64 characters. Browsers ignore it: they check the subject alternative names. */
function commonName(host: string): string {
  return host.length <= 64 ? host : "cdktf-mastodon";
}

function certificate(hosts: readonly string[]): string {
  const names = [...new Set(hosts)].map((host) => `DNS:${host}`).join(",");
  return script(join(__dirname, "certificate.sh"), { COMMON_NAME: commonName(hosts[0]!), NAMES: names });
}

const TARGETS = script(join(__dirname, "targets.sh"));
