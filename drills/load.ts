// A constant load of user requests through the front door: `new Load(door, tokens, run, rates).start()`. Slow responses do not reduce the rate.

import { Agent } from "node:https";
import { ask, BEEN_HERE, Door, send } from "../scripts/journey";
import { Listening, Post } from "./ledger";
import { Socket } from "./sockets";
import { Request } from "./view";

export interface Rates {
  readonly pagesPerSecond: number;
  readonly postsPerSecond: number;
  readonly sockets: number;
}

export interface Recorded {
  readonly requests: readonly Request[];
  readonly posts: readonly Post[];
  readonly sockets: readonly Listening[];
}

/** The load where the machine carries three times as much. */
export const USUAL: Rates = { pagesPerSecond: 10, postsPerSecond: 2, sockets: 6 };
const TICK_MS = 50;
const TIMEOUT_SECONDS = 10;
// What a token asks for is counted by Mastodon, 300 in five minutes; the pages that strangers see are not.
const HOMES_PER_SECOND = 5;

/** The pages that strangers see, the costliest first: this account's and the front page. Only the latter where Mastodon's place is taken by what has no profiles. */
export async function visitorPaths(door: Door, account: string): Promise<readonly string[]> {
  const profile = `/@${account}`;
  const { status } = await ask(door, "GET", profile);
  return status === 200 ? [profile, "/"] : ["/"];
}

export class Load {
  // Browsers keep their connections, and a handshake costs more than a page.
  private readonly agent = new Agent({ keepAlive: true });
  private readonly door: Door;
  private readonly requests: Request[] = [];
  private readonly posts: Post[] = [];
  private readonly pending = new Set<Promise<void>>();
  private sockets: readonly Socket[] = [];
  private rates: Rates;
  private timer: NodeJS.Timeout | undefined;
  private pagesDue = 0;
  private postsDue = 0;
  private pagesSent = 0;
  private postsSent = 0;

  constructor(
    door: Door,
    /** Of several accounts: Mastodon lets each post 300 times in three hours. */
    private readonly tokens: readonly string[],
    /** Stands in every post, so that those of this load are found. */
    private readonly run: string,
    rates: Rates,
    /** What people without a token look at, in turns. */
    private readonly paths: readonly string[],
    /** However high the rate, never more than this. */
    private readonly mostRequests: number,
  ) {
    this.rates = rates;
    this.door = { ...door, agent: this.agent };
  }

  /** Connects the WebSockets, then lets the users in. */
  async start(): Promise<void> {
    const pattern = new RegExp(`${this.run}-\\d+`);
    this.sockets = Array.from(
      { length: this.rates.sockets },
      (_, n) => new Socket(this.door, this.tokens[n % this.tokens.length]!, `WebSocket ${n + 1}`, pattern),
    );
    const end = Date.now() + TIMEOUT_SECONDS * 1000;
    while (!this.allStand && Date.now() < end) await new Promise((next) => setTimeout(next, 100));
    if (!this.allStand) throw new Error("no WebSocket could be opened");
    let last = Date.now();
    this.timer = setInterval(() => {
      const now = Date.now();
      this.pagesDue += ((now - last) / 1000) * this.rates.pagesPerSecond;
      this.postsDue += ((now - last) / 1000) * this.rates.postsPerSecond;
      last = now;
      for (; this.pagesDue >= 1; this.pagesDue--) this.page();
      for (; this.postsDue >= 1; this.postsDue--) this.post();
    }, TICK_MS);
  }

  get allStand(): boolean {
    return this.sockets.every(({ stands }) => stands);
  }

  get sent(): number {
    return this.pagesSent + this.postsSent;
  }

  /** Another number of pages a second from now on. */
  pages(perSecond: number): void {
    this.rates = { ...this.rates, pagesPerSecond: perSecond };
  }

  /** So many posts at once; where the load has to be low, no more than the machine takes in half a second, or some were refused. */
  burst(posts: number): number {
    const count = this.rates.pagesPerSecond >= USUAL.pagesPerSecond ? posts : Math.ceil(this.rates.pagesPerSecond * 1.5);
    for (let n = 0; n < count; n++) this.post();
    return count;
  }

  /** Lets no more users in, and waits for those who are inside. The WebSockets go on listening. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.pending);
  }

  recorded(): Recorded {
    return { requests: this.requests, posts: this.posts, sockets: this.sockets.map((socket) => socket.listening()) };
  }

  close(): void {
    clearInterval(this.timer);
    this.agent.destroy();
    for (const socket of this.sockets) socket.close();
  }

  private page(): void {
    const number = this.pagesSent++;
    const every = Math.max(2, Math.ceil(this.rates.pagesPerSecond / HOMES_PER_SECOND));
    if (number % every === 0) {
      const token = this.tokens[(number / every) % this.tokens.length]!;
      this.send("home", () => ask(this.door, "GET", "/api/v1/timelines/home", token));
    } else {
      const path = this.paths[(number >> 1) % this.paths.length]!;
      this.send("page", () => send(this.door, { method: "GET", path, cookie: BEEN_HERE }));
    }
  }

  private post(): void {
    const number = this.postsSent++;
    const text = `${this.run}-${number}`;
    const sentAtMs = Date.now();
    this.send("post", async () => {
      const token = this.tokens[number % this.tokens.length]!;
      try {
        const answer = await ask(this.door, "POST", "/api/v1/statuses", token, { status: text });
        const acknowledged = answer.status === 200 ? { acknowledgedAtMs: Date.now() } : {};
        this.posts.push({ text, sentAtMs, servedBy: answer.servedBy, ...acknowledged });
        return answer;
      } catch (error) {
        this.posts.push({ text, sentAtMs, servedBy: "" });
        throw error;
      }
    });
  }

  private send(kind: Request["kind"], send: () => Promise<{ readonly status: number }>): void {
    if (this.sent > this.mostRequests) return;
    const sentAtMs = Date.now();
    const ended = (answer: Pick<Request, "failure" | "throttled">) => {
      this.requests.push({ kind, sentAtMs, endedAtMs: Date.now(), ...answer });
    };
    const request = within(send()).then(
      ({ status }) => ended(status === 200 ? {} : status === 429 ? { throttled: true } : { failure: `status ${status}` }),
      (error: NodeJS.ErrnoException) =>
        ended({ failure: /no answer/.test(error.message) ? "no answer within 10 s" : (error.code ?? error.message) }),
    );
    this.pending.add(request);
    void request.finally(() => this.pending.delete(request));
  }
}

// The request's own time-out begins anew with every byte.
async function within<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error("no answer")), TIMEOUT_SECONDS * 1000);
  });
  try {
    return await Promise.race([answer, limit]);
  } finally {
    clearTimeout(timer);
  }
}
