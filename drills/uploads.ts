// Files that users uploaded before and between the drills: `const files = new Uploads(door, tokens)`, and at the end none may be missing.

import { randomBytes } from "node:crypto";
import { request } from "node:https";
import { deflateSync } from "node:zlib";
import { connection, Door } from "../scripts/journey";
import { pause } from "./drill";
import { Result } from "./report";

const READS = 10;
const WORKED_OFF_SECONDS = 30;
// Mastodon lets each account upload 30 files in half an hour.
const MOST_FOR_EACH = 25;

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

export class Uploads {
  private readonly urls: string[] = [];
  private readonly failures: string[] = [];
  private sent = 0;
  private absent = false;

  constructor(
    private readonly door: Door,
    private readonly tokens: readonly string[],
  ) {}

  /** Uploads one small picture; what fails is told at the end. */
  async upload(): Promise<void> {
    if (this.absent || this.sent >= this.tokens.length * MOST_FOR_EACH) return;
    const token = this.tokens[this.sent++ % this.tokens.length]!;
    try {
      const { type, body } = multipart(picture(randomBytes(3)));
      const { status, body: said } = await ask(this.door, "POST", "/api/v2/media", { token, type, body });
      this.absent = status === 404 && this.sent === 1;
      if (this.absent) return;
      if (status !== 200 && status !== 202) throw new Error(`POST /api/v2/media: status ${status}`);
      const { id, url } = JSON.parse(said.toString()) as { readonly id: string; readonly url: string | null };
      this.urls.push(url ?? (await this.workedOff(id, token)));
    } catch (error) {
      this.failures.push((error as Error).message);
    }
  }

  /** Reads each ten times: with several web machines, from each of them. */
  async check(): Promise<Result> {
    const result = { name: "uploads", title: "what people uploaded before and between the drills is read ten times" };
    if (this.absent)
      return { ...result, passed: undefined, reasons: ["Mastodon's place is taken by what takes no uploads"], findings: [] };
    const unread: string[] = [];
    for (const url of this.urls) {
      const bad: string[] = [];
      for (let n = 0; n < READS; n++) {
        const status = await this.read(url).catch((error: Error) => error.message);
        if (status !== 200) bad.push(`${status}`);
      }
      if (bad.length > 0)
        unread.push(`a file could not be read ${bad.length} of ${READS} times: ${[...new Set(bad)].join(", ")}`);
    }
    const reasons = [...this.failures, ...unread];
    const findings = [`${this.urls.length} files, each read ${READS} times; ${unread.length} of them were missing at least once`];
    return { ...result, passed: reasons.length === 0, reasons, findings };
  }

  private async workedOff(id: string, token: string): Promise<string> {
    for (const end = Date.now() + WORKED_OFF_SECONDS * 1000; Date.now() < end; await pause(0.5)) {
      const { status, body } = await ask(this.door, "GET", `/api/v1/media/${id}`, { token });
      const { url } = status === 200 ? (JSON.parse(body.toString()) as { readonly url: string | null }) : { url: null };
      if (url !== null) return url;
    }
    throw new Error(`an upload was not worked off within ${WORKED_OFF_SECONDS} s`);
  }

  private async read(url: string): Promise<number> {
    const { hostname, pathname } = new URL(url);
    if (hostname === this.door.domain) return (await ask(this.door, "GET", pathname)).status;
    // A store of its own, which a name service knows.
    return (await fetch(url, { signal: AbortSignal.timeout(10_000) })).status;
  }
}

interface Asked {
  readonly token?: string;
  readonly type?: string;
  readonly body?: Buffer;
}

function ask(door: Door, method: "GET" | "POST", path: string, { token, type, body }: Asked = {}): Promise<Answer> {
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && { "content-type": type, "content-length": body.length }),
  };
  return new Promise((done, fail) => {
    const outgoing = request({ ...connection(door, door.domain), method, path, headers, timeout: 10_000 }, (response) => {
      const parts: Buffer[] = [];
      response
        .on("data", (part: Buffer) => parts.push(part))
        .on("error", fail)
        .on("end", () => done({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }));
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error(`${method} ${path}: no answer after 10 s`))).on("error", fail);
    outgoing.end(body);
  });
}

function multipart(file: Buffer): { readonly type: string; readonly body: Buffer } {
  const boundary = `drill${randomBytes(8).toString("hex")}`;
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="drill.png"\r\nContent-Type: image/png\r\n\r\n`;
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([Buffer.from(head), file, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}

const SIDE = 16;

/** A PNG of one colour. */
export function picture(colour: Buffer): Buffer {
  const size = Buffer.alloc(13);
  size.writeUInt32BE(SIDE, 0);
  size.writeUInt32BE(SIDE, 4);
  // Eight bits for each of red, green and blue.
  size.set([8, 2, 0, 0, 0], 8);
  const line = Buffer.concat([Buffer.from([0]), ...Array.from({ length: SIDE }, () => colour)]);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: SIDE }, () => line)));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", size),
    chunk("IDAT", pixels),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc(named));
  return Buffer.concat([length, named, sum]);
}

function crc(bytes: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
}
