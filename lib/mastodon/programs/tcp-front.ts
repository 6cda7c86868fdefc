// Ways to servers that move or are several, as ports on a machine's own loopback: `tcpFront(program, { text, … })`.
// Ruby and Node take one host; HAProxy finds the server that is well and cuts what hangs on a lost one.

import { Program } from "../../core/program";

/** Sections of HAProxy's configuration; each is there once, whoever asks for it. */
export type Sections = readonly string[];

const fronts = new WeakMap<Program, Set<string>>();

/** Adds sections to a machine's HAProxy, and HAProxy itself for the first of them. */
export function tcpFront(program: Program, sections: Sections): void {
  const known = fronts.get(program);
  for (const section of sections) known?.add(section);
  if (known !== undefined) return;
  const all = new Set(sections);
  fronts.set(program, all);
  program
    .add({ kind: "package", names: ["haproxy"] })
    .add({ kind: "file", path: "/etc/haproxy/haproxy.cfg", content: () => [GLOBAL, ...[...all].sort()].join("\n") })
    .add({
      kind: "file",
      path: "/etc/systemd/system/haproxy.service.d/10-mastodon.conf",
      content: "[Unit]\nStartLimitIntervalSec=0\n\n[Service]\nLimitNOFILE=16384\nRestart=always\nRestartSec=1\n",
    })
    .add({ kind: "start", units: ["haproxy.service"] })
    .readyWhen("systemctl is-active --quiet haproxy || { echo 'HAProxy before the database is not running'; false; }");
}

// Sessions on a lost server are closed at once: their owners log in anew elsewhere, instead of waiting for a time-out of TCP. An idle
// connection is its owner's to close.
const GLOBAL = `global
  log /dev/log local0 notice
  user haproxy
  group haproxy
  maxconn 4000

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
