// A WebSocket client that reconnects as a browser does, and records its connections and events: `new Socket(door, token, "1", pattern)`.

import WebSocket from "ws";
import { connection, Door } from "../scripts/journey";
import { Listening, Span } from "./ledger";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 4000;
// As Chrome does. Without, a client of a front door that lost its power would wait for ever.
const KEEP_ALIVE_MS = 45_000;

export class Socket {
  private readonly past: Span[] = [];
  private readonly messages = new Map<string, number[]>();
  private openedAtMs: number | undefined;
  private waitMs = FIRST_WAIT_MS;
  private current: WebSocket | undefined;
  private again: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly door: Door,
    private readonly token: string,
    readonly name: string,
    /** Finds the text of a post in a message. */
    private readonly pattern: RegExp,
  ) {
    this.open();
  }

  get stands(): boolean {
    return this.openedAtMs !== undefined;
  }

  listening(): Listening {
    const now = this.openedAtMs === undefined ? [] : [{ fromMs: this.openedAtMs, toMs: Infinity }];
    return { name: this.name, spans: [...this.past, ...now], heard: this.messages };
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.again);
    this.current?.terminate();
  }

  private open(): void {
    const { door, token } = this;
    const socket = new WebSocket(`wss://${door.streaming}/api/v1/streaming?stream=public:local&access_token=${token}`, {
      ...connection(door, door.streaming),
      handshakeTimeout: 10_000,
    });
    socket.on("upgrade", (response) => response.socket.setKeepAlive(true, KEEP_ALIVE_MS));
    this.current = socket;
    socket.on("open", () => {
      this.openedAtMs = Date.now();
      this.waitMs = FIRST_WAIT_MS;
    });
    socket.on("message", (data) => {
      const text = this.pattern.exec(String(data))?.[0];
      if (text !== undefined) this.messages.set(text, [...(this.messages.get(text) ?? []), Date.now()]);
    });
    // The close that follows says the same.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      if (this.openedAtMs !== undefined) this.past.push({ fromMs: this.openedAtMs, toMs: Date.now() });
      this.openedAtMs = undefined;
      if (this.closed) return;
      // Spread, or all would come back in the same moment.
      this.again = setTimeout(() => this.open(), this.waitMs * (0.5 + Math.random()));
      this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
    });
  }
}
