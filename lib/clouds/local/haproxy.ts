// What the front door's machine does at its first boot: `haproxy("social.example", routes)`.
// Which members serve a route is no part of it: the driver says so by `targets`, which changes HAProxy while it runs.

import { RouteSpec } from "../../core/cloud";
import { Flow } from "../../core/flow";
import { nftables } from "../../core/nftables";
import { HEALTH_TIMEOUT_SECONDS, KEEPALIVE, PROXY_OPEN_FILES } from "../../core/limits";
import { HTTP_PORT, HTTPS_PORT } from "../../core/ports";
import { Program } from "../../core/program";
import { unit } from "../../core/unit";

/** `further` is what else the machine lets in. */
export function haproxy(domain: string, routes: readonly RouteSpec[], further: readonly Flow[] = []): Program {
  const sorted = [...routes].sort((a, b) => (a.host < b.host ? -1 : 1));
  const world = {
    from: { kind: "outside", name: "the world" },
    sources: ["0.0.0.0/0"],
    to: { kind: "host", name: "front-door", role: "cloud" },
  } as const;
  const openings = [HTTP_PORT, HTTPS_PORT].map((port) => ({ ...world, port, why: "browsers and other servers" }));
  const program = new Program()
    .add({ kind: "package", names: ["haproxy", "nftables", "openssl", "socat"] })
    .add({ kind: "file", path: "/etc/nftables.conf", content: nftables([...openings, ...further]), mode: "0600" })
    .add({
      kind: "file",
      path: "/etc/systemd/system/haproxy.service.d/limits.conf",
      content: unit({ Service: { LimitNOFILE: PROXY_OPEN_FILES } }),
    })
    .add({ kind: "file", path: "/etc/haproxy/front.cfg", content: front(sorted) });
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

// Before the first gate of a pool a route has no members, and that is well, too.
const WELL = `socat - /run/haproxy/admin.sock <<<'show stat -1 4 -1' | awk -F, '/^[^#]/ { all[$1]++; well[$1] += $18 ~ /^UP/ }
  END { for (route in all) if (!well[route]) { print "no member of " route " is well"; bad = 1 } exit bad }'`;

// HAProxy's own format of a request, but with the path alone: browsers put their token into the query of a WebSocket's address.
const LOG = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %HM %HPO %HV";

const MOST_CONNECTIONS = 4_000;

// A member that loses power says no goodbye, and nobody speaks on a WebSocket that waits for events: without probes its clients would hang at the
// front door, connected to nobody.
function front(routes: readonly RouteSpec[]): string {
  return `global
  log /dev/log local0
  stats socket /run/haproxy/admin.sock mode 600 level admin
  maxconn ${MOST_CONNECTIONS}
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

// What follows a member's address on its line.
function server({ port, check }: RouteSpec): string {
  return `${port} check port ${check.port} inter 2s fall 2 rise 1`;
}

/** OpenSSL takes no more than 64 characters, and nobody reads it: browsers look at the other names. */
function commonName(host: string): string {
  return host.length <= 64 ? host : "cdktf-mastodon";
}

function certificate(hosts: readonly string[]): string {
  const names = [...new Set(hosts)].map((host) => `DNS:${host}`).join(",");
  return `if [ ! -e /etc/haproxy/certificate.pem ]; then
  (umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=${commonName(hosts[0]!)} \\
    -addext 'subjectAltName=${names}' -keyout /etc/haproxy/key.pem -out /etc/haproxy/own.pem
  cat /etc/haproxy/own.pem /etc/haproxy/key.pem >/etc/haproxy/certificate.pem)
fi
`;
}

// Names instead of slots: HAProxy's own log and statistics then speak of machines.
const TARGETS = `#!/bin/bash
# Gives a route exactly these members: targets HOST [NAME=ADDRESS...]. New ones come first; old ones finish what they have in hand.
set -euo pipefail
route=$1
shift
DRAIN_SECONDS=10
line=$(cat "/etc/haproxy/routes/$route.server")
kept=/var/lib/haproxy/targets
mkdir -p "$kept"
exec 9>/run/targets.lock
flock 9

before=$(cat "$kept/$route" 2>/dev/null || true)
printf '%s\\n' "$@" | sed '/^$/d' >"$kept/$route"

{
  cat /etc/haproxy/front.cfg
  for file in /etc/haproxy/routes/*.cfg; do
    echo
    cat "$file"
    name=$(basename "$file" .cfg)
    while IFS='=' read -r server address; do
      echo "  server $server $address:$(cat "/etc/haproxy/routes/$name.server")"
    done < <(cat "$kept/$name" 2>/dev/null || true)
  done
} >/etc/haproxy/haproxy.cfg.new
haproxy -c -q -f /etc/haproxy/haproxy.cfg.new
mv /etc/haproxy/haproxy.cfg.new /etc/haproxy/haproxy.cfg
systemctl is-active -q haproxy || exit 0

say() { socat -t 15 - /run/haproxy/admin.sock <<<"$1"; }
tell() { say "$1" >/dev/null; }
sessions() { say "show stat $route 4 -1" | awk -F, -v name="$1" '$2 == name { print $5 }'; }
lines() { grep -vxF -f <(printf '%s\\n' "$2") <<<"$1" | sed '/^$/d' || true; }

add() {
  local server=\${1%%=*} address=\${1#*=}
  tell "add server $route/$server $address:$line"
  tell "enable health $route/$server"
  tell "enable server $route/$server"
}

remove() {
  local server=\${1%%=*} _
  tell "set server $route/$server state drain"
  for _ in $(seq $((DRAIN_SECONDS * 5))); do
    [ "$(sessions "$server")" != 0 ] || break
    sleep 0.2
  done
  tell "set server $route/$server state maint"
  tell "shutdown sessions server $route/$server"
  tell "wait 5s srv-removable $route/$server"
  tell "del server $route/$server"
}

now=$(cat "$kept/$route")
for member in $(lines "$now" "$before"); do
  # A machine made anew under its name has another address.
  old=$(grep "^\${member%%=*}=" <<<"$before" || true)
  [ -z "$old" ] || remove "$old"
  add "$member"
done
for member in $(lines "$before" "$now"); do
  grep -q "^\${member%%=*}=" <<<"$now" || remove "$member"
done

# The file is right in any case; a reload costs the open WebSockets.
running=$(say "show servers state $route" | awk 'NR > 2 && NF { print $4 }' | sort)
[ "$running" = "$(cut -d= -f1 <<<"$now" | sort)" ] || systemctl reload haproxy
`;
