// What a machine needs for the WebSockets that it carries: `webSockets({ clients: 20_000, machines: 3 })`.

import { LOCAL_PORTS } from "../../core/limits";
import { Program } from "../../core/program";
import { unit } from "../../core/unit";

export interface Asked {
  /** WebSockets of the whole tier at the same time, if the page says how many. */
  readonly clients: number | undefined;
  readonly machines: number;
}

export interface WebSockets {
  /** For how many WebSockets one machine is prepared. */
  readonly carried: number;
  /** `worker_connections` of nginx. */
  readonly workerConnections: number;
  /** How many files nginx may have open. */
  readonly openFiles: number;
  /** How many connections may wait until nginx takes them. */
  readonly backlog: number;
  /** Settings of the kernel, in the format of sysctl.d(5). */
  readonly sysctl: string;
}

/** In steps, so that the text of the machines seldom changes when the page gets a machine more or less. */
const STEPS = [4096, 8192, 16_384, 32_768, 49_152] as const;
/**
 * The most of one machine. nginx has one port of its own for each WebSocket to a streaming process, and while the other processes are away all are
 * of one process: 55,296 ports, of which some are in use for other connections.
 */
export const MOST_OF_A_MACHINE = STEPS[4];

/** Connections of a worker of nginx that are not WebSockets: requests, their way on, and connections that are kept for the next request. */
const FOR_REQUESTS = 8192;
/** Memory of a connection in each worker of nginx, in use or not: measured, nginx 1.26. */
export const BYTES_A_CONNECTION = 430;
/** Of nginx: its log, its listening sockets and its channels. */
const OTHER_FILES = 1024;
/** The limit that the kernel has by itself. */
const SOMAXCONN = 4096;
/** What the kernel gives a machine with more than 4 GiB. One with 1 GiB gets some 8,000. An entry takes 256 bytes while it is in use. */
const TRACKED = 262_144;

/** How many WebSockets one machine has to carry: all, or its part of them when one of several machines is lost. */
export function ofOneMachine({ clients, machines }: { readonly clients: number; readonly machines: number }): number {
  return Math.ceil(clients / Math.max(1, machines - 1));
}

/**
 * The limits of one machine. nginx' workers share connections as they come, so each worker may get all: two connections for each WebSocket, one
 * from the front door and one to the streaming process.
 */
export function webSockets({ clients, machines }: Asked): WebSockets {
  const wanted = clients === undefined ? STEPS[0] : ofOneMachine({ clients, machines });
  const carried = STEPS.find((step) => step >= wanted) ?? MOST_OF_A_MACHINE;
  const workerConnections = FOR_REQUESTS + 2 * carried;
  // When a machine is lost its WebSockets come back within a second or two, and those of a restarted nginx all at once.
  const backlog = Math.max(SOMAXCONN, carried);
  return { carried, workerConnections, openFiles: workerConnections + OTHER_FILES, backlog, sysctl: sysctl(carried, backlog) };
}

// tcp_max_syn_backlog is left as it is: the kernel uses it only where tcp_syncookies is off, and Debian has it on.
// Each WebSocket is tracked twice by the host's firewall: from the front door, and on the loopback. A container cannot set these two, and follows the
// machine that it runs on; a line with a hyphen may fail.
function sysctl(carried: number, backlog: number): string {
  const { ofTheKernel, widened } = LOCAL_PORTS;
  const range = carried > ofTheKernel / 2 ? [`net.ipv4.ip_local_port_range = ${widened.first} ${widened.last}`] : [];
  return [
    `net.core.somaxconn = ${backlog}`,
    ...range,
    `-net.netfilter.nf_conntrack_max = ${TRACKED}`,
    `-net.netfilter.nf_conntrack_buckets = ${TRACKED}`,
    "",
  ].join("\n");
}

const SYSCTL = "/etc/sysctl.d/61-web-sockets.conf";
const SET = `/usr/lib/systemd/systemd-sysctl ${SYSCTL}`;

/**
 * Sets what the kernel of the machine allows, now and at each boot. The same program reads the file each time: `sysctl -p` ends with an error for a line
 * with a hyphen that names a setting which is not there. So it is at a boot, since the settings of connection tracking come with the firewall's
 * rules, after those of sysctl.d: the firewall's unit sets them once more. A list of modules to load (modules-load.d) would fail in containers.
 */
export function kernelForWebSockets(program: Program, sockets: WebSockets): void {
  program
    .add({ kind: "file", path: SYSCTL, content: sockets.sysctl })
    .add({
      kind: "file",
      path: "/etc/systemd/system/nftables.service.d/10-web-sockets.conf",
      content: unit({ Service: { ExecStartPost: `-${SET}` } }),
    })
    .add({ kind: "run", why: "kernel, for WebSockets", script: `${SET}\n` });
}
