// Many WebSockets, in several processes since a process may have a limited number of open files: `const holders = new SocketHolders()`.

import { ChildProcess, spawn } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { inside } from "../scripts/cluster";

/** What one process is to open. */
export interface Order {
  readonly url: string;
  /** Where its host is. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The certificate to trust, for wss. */
  readonly ca: string | undefined;
  readonly count: number;
  /** How many are being opened at the same time. */
  readonly atOnce: number;
  /** The text by which a message counts as heard. */
  readonly marker: string;
}

export interface Held {
  readonly open: number;
  /** Never opened. */
  readonly refused: number;
  /** Opened, and closed by others. */
  readonly lost: number;
  /** WebSockets that got a message with the marker. */
  readonly heard: number;
  /** When the last of them got it, in milliseconds since 1970. */
  readonly lastMs: number;
  /** The last error of any. */
  readonly reason: string;
}

/** WebSockets of one process; a process of the run has 20,000 open files at the least. */
const A_PROCESS = 5000;

export class SocketHolders {
  private readonly children: ChildProcess[] = [];

  /** @param within the process whose network they are opened from; this one's if left out */
  open(order: Order, within?: string): void {
    for (let left = order.count; left > 0; left -= A_PROCESS) {
      const enter = within === undefined ? [] : ["nsenter", "-t", within, "-n"];
      const [command, ...words] = [
        ...enter,
        process.execPath,
        "--import",
        require.resolve("tsx"),
        join(__dirname, "socket-holder.ts"),
      ];
      const child = spawn(command!, words, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
      this.children.push(child);
      child.send({ ...order, count: Math.min(left, A_PROCESS) } satisfies Order);
    }
  }

  async held(): Promise<Held> {
    const all = await Promise.all(this.children.map(answer));
    const sum = (of: (held: Held) => number) => all.reduce((total, held) => total + of(held), 0);
    return {
      open: sum((held) => held.open),
      refused: sum((held) => held.refused),
      lost: sum((held) => held.lost),
      heard: sum((held) => held.heard),
      lastMs: Math.max(0, ...all.map(({ lastMs }) => lastMs)),
      reason: all.find(({ reason }) => reason !== "")?.reason ?? "",
    };
  }

  /** Closes the WebSockets as a browser does. */
  close(): void {
    for (const child of this.children) child.send("close");
  }

  /** Ends the processes. */
  end(): void {
    for (const child of this.children) child.kill("SIGKILL");
  }
}

function answer(child: ChildProcess): Promise<Held> {
  return new Promise((done, fail) => {
    if (!child.connected) return fail(new Error("a process that holds WebSockets has ended"));
    child.once("message", (held) => done(held as Held));
    child.send("held");
  });
}

/** A process of this host that is in the network of a machine. */
export function processIn(site: string, machine: string): string {
  const network = inside(site, machine, "readlink", "/proc/self/ns/net").trim();
  const found = readdirSync("/proc").find((pid) => /^\d+$/.test(pid) && networkOf(pid) === network);
  if (found === undefined) throw new Error(`no process of ${machine} is found by its network`);
  return found;
}

function networkOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    // It has ended.
    return undefined;
  }
}
