// Sends requests at a fixed rate, independent of response times: `await generator.send(40, 2)` sends 40 requests a second for two seconds.
// The measurement of capacity, the drill `overload` and the benchmark `overload` all use it, so their numbers can be compared.

import { Agent, get } from "node:https";
import { BEEN_HERE, connection, Door } from "../scripts/journey";

export interface Shot {
  readonly sentAtMs: number;
  readonly endedAtMs: number;
  /** 0 if no answer came. */
  readonly status: number;
  /** Whether the answer said when to try again. */
  readonly retryAfter: boolean;
}

/** From when until when something was sent. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** More than this a second is never sent: the load shares the machine with the site. */
export const MOST_PER_SECOND = 200;
const TICK_MS = 10;
const TIMEOUT_MS = 10_000;

export class Generator {
  private readonly agent = new Agent({ keepAlive: true });
  private readonly all: Shot[] = [];
  private readonly pending = new Set<Promise<void>>();
  private count = 0;

  constructor(
    private readonly door: Door,
    /** The pages that are asked for, in turns. */
    private readonly paths: readonly string[],
    /** However high the rate, never more than this in all. */
    private readonly most: number,
  ) {}

  get shots(): readonly Shot[] {
    return this.all;
  }

  /** Sends for so long, and does not wait for what is still under way. */
  async send(perSecond: number, seconds: number): Promise<Window> {
    const rate = Math.min(perSecond, MOST_PER_SECOND);
    const fromMs = Date.now();
    let sent = 0;
    await new Promise<void>((done) => {
      const timer = setInterval(() => {
        const elapsed = (Date.now() - fromMs) / 1000;
        for (const due = Math.floor(Math.min(elapsed, seconds) * rate); sent < due; sent++) this.one();
        if (elapsed < seconds) return;
        clearInterval(timer);
        done();
      }, TICK_MS);
    });
    return { fromMs, toMs: Date.now() };
  }

  /** Until all that was sent is answered or given up. */
  async drain(): Promise<void> {
    await Promise.all(this.pending);
  }

  close(): void {
    this.agent.destroy();
  }

  private one(): void {
    if (this.count >= this.most) return;
    const path = this.paths[this.count++ % this.paths.length]!;
    const sentAtMs = Date.now();
    const asked = this.ask(path).then(({ status, retryAfter }) => {
      this.all.push({ sentAtMs, endedAtMs: Date.now(), status, retryAfter });
    });
    this.pending.add(asked);
    void asked.finally(() => this.pending.delete(asked));
  }

  private ask(path: string): Promise<{ readonly status: number; readonly retryAfter: boolean }> {
    return new Promise((done) => {
      let ended = false;
      const end = (status: number, retryAfter = false) => {
        if (ended) return;
        ended = true;
        clearTimeout(limit);
        done({ status, retryAfter });
      };
      const outgoing = get(
        { ...connection(this.door, this.door.domain), agent: this.agent, path, headers: { cookie: BEEN_HERE } },
        (response) => {
          response
            .on("error", () => end(0))
            .on("end", () => end(response.statusCode ?? 0, response.headers["retry-after"] !== undefined))
            .resume();
        },
      ).on("error", () => end(0));
      const limit = setTimeout(() => {
        end(0);
        outgoing.destroy();
      }, TIMEOUT_MS);
    });
  }
}
