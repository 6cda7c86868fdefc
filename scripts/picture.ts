// Tests the path of a picture: `await picture(door, token, "social")` uploads one, posts it, and reads it from every machine that serves it.

import { createHash, randomBytes } from "node:crypto";
import { deflateSync } from "node:zlib";
import { ask, Door, send } from "./journey";
import { inside, machines } from "./cluster";

export interface PictureWay {
  /** The machine that took the upload. */
  readonly uploadedTo: string;
  /** How often the picture and its small version were read through the front door, each the same every time. */
  readonly readings: number;
  /** The machines that were read from. */
  readonly readFrom: readonly string[];
  /** The machines of Sidekiq that have the same file; nothing if files lie in an object store. */
  readonly sidekiq: readonly string[];
  /** Whether the files lie in an object store, under a host name of its own. */
  readonly stored: boolean;
  /** From the upload until Mastodon had both versions. */
  readonly milliseconds: number;
}

interface Attachment {
  readonly id: string;
  readonly url: string | null;
  readonly preview_url: string | null;
}

/** Throws if any of it is not as it should be; `readings` is how often each version is read, each time on a connection of its own. */
export async function picture(door: Door, token: string, site: string, readings = 10): Promise<PictureWay> {
  const from = Date.now();
  const { uploadedTo, attachment } = await upload(door, token, png(640, 480));
  const milliseconds = Date.now() - from;
  const form = { status: `picture ${attachment.id}`, "media_ids[]": attachment.id };
  const posted = await ask(door, "POST", "/api/v1/statuses", token, form);
  if (posted.status !== 200)
    throw new Error(`POST /api/v1/statuses with a picture: ${posted.status} ${posted.body.slice(0, 300)}`);
  const shown = (JSON.parse(posted.body) as { readonly media_attachments: readonly Attachment[] }).media_attachments;
  if (shown.length !== 1) throw new Error(`the post should show one picture and shows ${shown.length}`);

  const url = new URL(shown[0]!.url!);
  const small = new URL(shown[0]!.preview_url!);
  const stored = url.hostname !== door.domain;
  const whole = await readAlike(door, url, readings);
  const reduced = await readAlike(door, small, readings);
  const readFrom = new Set([...whole.readFrom, ...reduced.readFrom]);
  const sidekiq = stored ? [] : onSidekiq(site, url, whole.digest);
  return { uploadedTo, readings: 2 * readings, readFrom: [...readFrom].sort(), sidekiq, stored, milliseconds };
}

async function upload(door: Door, token: string, bytes: Buffer) {
  const boundary = `picture${randomBytes(12).toString("hex")}`;
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="picture.png"\r\ncontent-type: image/png\r\n\r\n`;
  const body = {
    type: `multipart/form-data; boundary=${boundary}`,
    bytes: Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
  const answer = await send(door, { method: "POST", path: "/api/v2/media", token, body, limitSeconds: 30 });
  if (answer.status !== 200 && answer.status !== 202) {
    throw new Error(`POST /api/v2/media: ${answer.status} ${answer.body.slice(0, 300)}`);
  }
  const uploaded = JSON.parse(answer.body) as Attachment;
  return { uploadedTo: answer.servedBy, attachment: await processed(door, token, uploaded) };
}

const LIMIT_SECONDS = 60;

/** 202 and, later, 206 mean that Sidekiq is still at work on it. */
async function processed(door: Door, token: string, uploaded: Attachment): Promise<Attachment> {
  let attachment = uploaded;
  for (const end = Date.now() + LIMIT_SECONDS * 1000; !attachment.url || !attachment.preview_url; ) {
    if (Date.now() > end) throw new Error(`the picture is not processed after ${LIMIT_SECONDS} s: is Sidekiq at work?`);
    await new Promise((next) => setTimeout(next, 500));
    const answer = await ask(door, "GET", `/api/v1/media/${uploaded.id}`, token);
    if (answer.status !== 200 && answer.status !== 206) {
      throw new Error(`GET /api/v1/media/${uploaded.id}: ${answer.status} ${answer.body.slice(0, 300)}`);
    }
    attachment = JSON.parse(answer.body) as Attachment;
  }
  return attachment;
}

/** Reads it so often that every web machine has its turn, and wants the same bytes each time. */
async function readAlike(door: Door, url: URL, readings: number) {
  const seen: string[] = [];
  const digests = new Set<string>();
  const readFrom = new Set<string>();
  for (let n = 0; n < readings; n++) {
    const { status, bytes, servedBy } = await read(door, url);
    seen.push(`${status}${servedBy && ` of ${servedBy}`}`);
    digests.add(createHash("sha256").update(bytes).digest("hex"));
    if (servedBy !== "") readFrom.add(servedBy);
    if (status === 200 && bytes.length === 0) seen.push("empty");
  }
  if (digests.size > 1 || seen.some((one) => !one.startsWith("200"))) {
    throw new Error(`${url.pathname} should be the same picture at each reading, and was: ${seen.join(", ")}`);
  }
  return { digest: [...digests][0]!, readFrom };
}

async function read(
  door: Door,
  url: URL,
): Promise<{ readonly status: number; readonly bytes: Buffer; readonly servedBy: string }> {
  if (url.hostname === door.domain) {
    const { agent: _, ...fresh } = door;
    return send(fresh, { method: "GET", path: url.pathname + url.search });
  }
  const answer = await fetch(url);
  return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()), servedBy: "" };
}

/** Sidekiq makes versions and deletes files, so each of its machines must find them where web has put them. */
function onSidekiq(site: string, url: URL, digest: string): readonly string[] {
  const file = `/opt/mastodon/public${decodeURIComponent(url.pathname)}`;
  const script = `container=$(podman ps --format '{{.Names}}' 2>/dev/null | grep -m 1 '^mastodon-sidekiq-') || exit 0
    podman exec "$container" sha256sum "$0" 2>&1 || true`;
  return machines(site).flatMap(({ name, pool, state }) => {
    if (pool === "-" || state !== "running") return [];
    const said = inside(site, name, "bash", "-c", script, file).trim();
    if (said === "") return [];
    if (!said.startsWith(digest)) throw new Error(`Sidekiq on ${name} does not find the picture that people see: ${said}`);
    return [name];
  });
}

/** A picture as good as any: colours that change from place to place, so that a smaller version is another file. */
export function png(width: number, height: number): Buffer {
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * (1 + width * 3) + 1 + x * 3;
      rows[at] = (x * 255) / width;
      rows[at + 1] = (y * 255) / height;
      rows[at + 2] = 128;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits for each of red, green and blue.
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

// zlib's own comes with Node 22.
function crc32(bytes: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1));
  }
  return (sum ^ 0xffffffff) >>> 0;
}
