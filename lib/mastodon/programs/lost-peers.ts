// How soon a host notices that a peer is gone that closed no connection: `program.add(...LOST_PEERS)`.

import { KEEPALIVE } from "../../core/limits";
import { Step } from "../../core/program";

// A machine that loses power closes no connections. By the kernel's defaults a peer that only reads, as streaming reads from Redis, would notice
// after two hours, and a peer that waits for an acknowledgement after 15 minutes; with these settings both notice after some twelve seconds.
const SYSCTL = `net.ipv4.tcp_keepalive_time = ${KEEPALIVE.idleSeconds}
net.ipv4.tcp_keepalive_intvl = ${KEEPALIVE.intervalSeconds}
net.ipv4.tcp_keepalive_probes = ${KEEPALIVE.probes}
net.ipv4.tcp_retries2 = 5
`;

export const LOST_PEERS: readonly Step[] = [
  { kind: "file", path: "/etc/sysctl.d/60-mastodon.conf", content: SYSCTL },
  { kind: "run", why: "kernel", script: "sysctl -qp /etc/sysctl.d/60-mastodon.conf\n" },
];
