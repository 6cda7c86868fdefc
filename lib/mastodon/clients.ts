// The number of WebSockets that a page asks for, checked: `webSocketsOf(tier, { clients: clientsOf(tier, 20_000), machines: 3, processes: 2, size })`.

import { Construct } from "constructs";
import { Problem } from "../core/problems";
import { Size, wrongSize } from "../core/size";
import { wholeNumber } from "../core/whole-number";
import { BYTES_A_CONNECTION, MOST_OF_A_MACHINE, ofOneMachine, WebSockets, webSockets } from "./programs/web-sockets";
import { Site } from "./site";

interface Tier {
  readonly clients: number | undefined;
  /** The number of machines, or the least if they scale. */
  readonly machines: number;
  /** Streaming processes of each machine. */
  readonly processes: number;
  readonly size: Size;
  /**
   * What Puma takes on the machine, in GiB.
   * @default 0
   */
  readonly gibOfOthers?: number;
}

/** Debian, nginx and podman. */
const GIB_OF_THE_SYSTEM = 0.35;
/** A streaming process without WebSockets. */
const GIB_OF_A_PROCESS = 0.1;
/**
 * What a WebSocket takes on its machine: nginx, Node and the kernel's three sockets. Measured with the stand-in for Mastodon (docs/benchmarks.md, "Idle
 * WebSockets"), with a reserve for what Mastodon keeps besides.
 */
export const KIB_A_WEB_SOCKET = 64;

/** The number, if the page says one. Adds a problem of `by` if it is wrong. */
export function clientsOf(by: Construct, clients: number | undefined): number | undefined {
  return clients === undefined ? undefined : wholeNumber(Site.of(by).problems, by, "clients", clients, { least: 1 });
}

/** The limits of each machine of `by`. Adds a problem if it is more than its machines can carry when one of them is lost. */
export function webSocketsOf(by: Construct, tier: Tier): WebSockets {
  const { clients, machines, size } = tier;
  const limits = webSockets({ clients, machines });
  if (clients === undefined) return limits;
  const room = roomOf(tier, limits);
  // A size or a number that is wrong itself is reported elsewhere.
  if (wrongSize(size) === undefined && room >= 0 && machines >= 1)
    Site.of(by).problems.add(by, tooMany(clients, machines, Math.min(room, MOST_OF_A_MACHINE), size));
  return limits;
}

/** For how many WebSockets each streaming process is meant: those of its machine for which the page has `clients`, or that its limits and its memory allow. */
export function meantFor(tier: Tier): number {
  const { clients, machines, processes } = tier;
  const limits = webSockets({ clients, machines });
  const asked = clients === undefined ? limits.carried : ofOneMachine({ clients, machines });
  return Math.max(1, Math.floor(Math.min(asked, roomOf(tier, limits)) / processes));
}

/** For how many WebSockets a machine has memory. */
function roomOf({ processes, size, gibOfOthers = 0 }: Tier, { workerConnections }: WebSockets): number {
  // nginx has a worker for each CPU.
  const ofNginx = (size.cpus * workerConnections * BYTES_A_CONNECTION) / 2 ** 30;
  const gib = size.gib - GIB_OF_THE_SYSTEM - ofNginx - processes * GIB_OF_A_PROCESS - gibOfOthers;
  return Math.max(0, Math.floor((gib * 2 ** 20) / KIB_A_WEB_SOCKET));
}

function tooMany(clients: number, machines: number, room: number, size: Size): Problem | undefined {
  const each = ofOneMachine({ clients, machines });
  if (each <= room) return undefined;
  const carry =
    machines > 1 ? `each of ${machines} machines has to carry ${each} when one is lost` : "its one machine has to carry them";
  const more = room === 0 ? undefined : `at least ${Math.ceil(clients / room) + 1} machines`;
  const larger = each <= MOST_OF_A_MACHINE ? "larger ones" : undefined;
  return {
    wrong: `clients is ${clients}, so ${carry}, and one with ${size.gib} GiB carries ${room}`,
    remedy: `use ${[more, larger].filter((way) => way !== undefined).join(", or ")}`,
  };
}
