// What the machines of a PostgreSQL with standbys have agreed on, and how they come back: `const { limitSeconds } = await agreed(scene, host)`.

import { PATRONI_PORT } from "../lib/mastodon/ports";
import { Finding, Limits, Scene } from "./drill";
import { Host } from "./hosts";
import { Part, parts } from "./parts";
import { RowWriter } from "./row-writers";
import { anotherAfter, lostOf, refusals } from "./rows";

/** What the site may need above the lease to write again. */
const ABOVE_SECONDS = 8;
const FOLLOWS_SECONDS = 120;

export interface Agreed {
  /** After so many seconds without a sign of life another machine may be primary. */
  readonly ttlSeconds: number;
  /** How long a write may wait for another primary, with what the run allows a busy machine. */
  readonly limitSeconds: number;
  readonly synchronous: boolean;
  /** What users may see of it. In a synchronous cluster nothing that was acknowledged may be lost; else it is counted. */
  readonly limits: Pick<Limits, "failuresWithinSeconds" | "withoutPostSeconds" | "postsLost">;
}

interface Config {
  readonly ttl: number;
  readonly synchronous_mode: boolean;
}

export async function agreed({ site, options }: Scene, { name }: Host): Promise<Agreed> {
  const config = JSON.parse(await site.on(name, `curl -fsS -m 5 http://127.0.0.1:${PATRONI_PORT}/config`)) as Config;
  return agreedOf(config, options.slackSeconds ?? 0);
}

export function agreedOf({ ttl, synchronous_mode: synchronous }: Config, slackSeconds: number): Agreed {
  const seconds = ttl + ABOVE_SECONDS;
  return {
    ttlSeconds: ttl,
    limitSeconds: seconds + slackSeconds,
    synchronous,
    // The runner adds what it allows itself.
    limits: { failuresWithinSeconds: seconds, withoutPostSeconds: seconds, postsLost: synchronous ? 0 : Infinity },
  };
}

/** Until this machine is a standby in step with the primary. */
export async function follows(scene: Scene, host: Host): Promise<Finding> {
  const from = scene.seconds;
  let last: Part | undefined;
  const stands = await scene.until(async () => {
    [last] = await parts(scene.site, [host]);
    return last?.inStep === true;
  }, FOLLOWS_SECONDS);
  const after = Math.round((scene.seconds - from) * 10) / 10;
  return stands
    ? { said: `${host.name} was a standby in step after ${after} s`, numbers: { "a standby again, s": after } }
    : { said: `${host.name} was no standby in step ${FOLLOWS_SECONDS} s later, but ${last?.role || "silent"}`, bad: true };
}

/** What a writer through the pooler saw of another primary. */
export async function wroteAgain(scene: Scene, writer: RowWriter, old: Host, deal: Agreed): Promise<Finding> {
  const rows = await writer.end();
  const after = anotherAfter(rows, scene.actMs, old.address);
  const lost = lostOf(rows, await writer.there()).length;
  const why = refusals(rows.filter(({ atMs }) => atMs >= scene.actMs)).join(", ");
  const told = why === "" ? "" : ` (meanwhile: ${why})`;
  const gone = `${lost} of ${rows.filter(({ yes }) => yes).length} rows that were acknowledged are lost`;
  const numbers = { "rows lost": lost };
  if (after === undefined) return { said: `nobody else took a write${told}; ${gone}`, bad: true, numbers };
  return {
    said: `another primary took a write after ${after} s, at most ${deal.limitSeconds} s are allowed${told}; ${gone}`,
    bad: after > deal.limitSeconds || (deal.synchronous && lost > 0),
    numbers: { "written again, s": after, ...numbers },
  };
}
