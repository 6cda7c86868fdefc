// The HAProxy of a host: Puma's queue, and the proxies to Redis, to several poolers, and to a PostgreSQL with failover. Each part adds a section,
// `hostProxy(program, { what: "the poolers", text })`; a host without sections has no HAProxy.

import { PROXY_OPEN_FILES } from "../../core/limits";
import { Part, Program } from "../../core/program";
import { NEVER_GIVEN_UP, RESTARTED, unit } from "../../core/unit";
import { HAPROXY_METRICS } from "../monitoring/haproxy-metrics";
import { hasMetrics, isMonitored } from "../monitoring/monitored";

export interface Section {
  /** What it connects to: in the comment above the section, and in the machine's message while HAProxy is not running. */
  readonly what: string;
  /** Lines of HAProxy's configuration. */
  readonly text: string;
  /** A script on the machine that makes the configuration from the text, if the text is not configuration yet: a filter from input to output. */
  readonly writtenBy?: string;
}

const CONFIG = "/etc/haproxy/haproxy.cfg";
const CHECK = `haproxy -c -q -f ${CONFIG}`;
/** HAProxy's admin socket, for root only. */
const ADMIN_SOCKET = "/run/haproxy/admin.sock";

/** Adds a section to a machine's HAProxy, and installs HAProxy with the first one. The same text is added once. */
export function hostProxy(program: Program, ...sections: readonly Section[]): void {
  const all = program.part(HAPROXY);
  for (const section of sections) all.set(`# to ${section.what}\n${section.text}`, section);
}

/** The sections by their texts. */
const HAPROXY = new Part((program) => {
  const all = new Map<string, Section>();
  const metrics = () => (isMonitored(program) ? [HAPROXY_METRICS] : []);
  const scripts = () => [...new Set([...all.values()].flatMap(({ writtenBy }) => writtenBy ?? []))].sort();
  program
    .add({ kind: "package", names: ["haproxy"] })
    // It may hold passwords. HAProxy reads it as root.
    .add({
      kind: "file",
      path: CONFIG,
      content: () => [GLOBAL, ...[...all.keys()].sort(), ...metrics()].join("\n"),
      mode: "0600",
      writtenBy: () => scripts().join(" | ") || "cat",
      taken: { what: "HAProxy", does: "reload", check: CHECK, script: "reload haproxy" },
    })
    .add({ kind: "file", path: "/etc/systemd/system/haproxy.service.d/10-mastodon.conf", content: UNIT })
    .add({ kind: "run", why: "HAProxy", script: () => `${scripts().map(written).join("")}${CHECK}\n` })
    .add({ kind: "start", units: ["haproxy.service"] })
    .readyWhen(
      "systemctl is-active --quiet haproxy || { echo \"HAProxy is not running, and without it there is no way to $(sed -n 's/^# to //p' " +
        `${CONFIG} | sort -u | paste -sd , | sed 's/,/, /g')"; false; }`,
    );
  hasMetrics(program, "haproxy");
  return all;
});

// Run again, it finds nothing more to write out.
const written = (path: string) => `(umask 077 && ${path} <${CONFIG} >${CONFIG}.new)\nmv ${CONFIG}.new ${CONFIG}\n`;

// All limits of HAProxy are here. A thread of Ruby has a connection to PostgreSQL, one to a standby and one to each Redis, and the queue before
// Puma holds 2000 at the most: so 8000 connections are enough for some 1000 threads on one host. Each takes two descriptors.
const UNIT = unit({ Unit: NEVER_GIVEN_UP, Service: { LimitNOFILE: PROXY_OPEN_FILES, ...RESTARTED } });

// Sessions on a lost server are closed at once: their owners log in anew elsewhere, instead of waiting for a time-out of TCP. An idle
// connection is its owner's to close. Only what concerns servers is logged: a line for each request could hold tokens.
const GLOBAL = `global
  log /dev/log local0 notice
  stats socket ${ADMIN_SOCKET} mode 600 level admin
  user haproxy
  group haproxy
  maxconn 8000

defaults
  mode tcp
  log global
  option redispatch 1
  retries 3
  timeout connect 2s
  timeout queue 10s
  timeout check 2s
  timeout client 1d
  timeout server 1d
  option clitcpka
  option srvtcpka
`;
