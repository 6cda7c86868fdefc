// What the site has stored of the posts of a load: `await evidence(site, run, recorded)`, once all jobs are done.

import { Recorded } from "./load";
import { Evidence, Run, Tick } from "./ledger";
import { Site } from "./site";

export async function evidence(site: Site, run: string, recorded: Recorded): Promise<Evidence> {
  const rows = await site.sql(`SELECT id, text, account_id FROM statuses WHERE text LIKE '${run}-%' AND deleted_at IS NULL`);
  const stored = new Map<string, number>();
  for (const [, text] of rows) stored.set(text!, (stored.get(text!) ?? 0) + 1);
  const jobs = (await isStandIn(site)) ? await runs(site, run) : await feeds(site, rows, recorded);
  return { posts: recorded.posts, sockets: recorded.sockets, stored, jobs };
}

/** The ticks of the schedule since a time; nothing if this is the real Mastodon, which keeps no record of them. */
export async function ticks(site: Site, fromMs: number): Promise<readonly Tick[] | undefined> {
  if (!(await isStandIn(site))) return undefined;
  const rows = await site.sql(
    `SELECT extract(epoch FROM at) * 1000, process FROM standin_schedules WHERE at >= to_timestamp(${fromMs / 1000})`,
  );
  return rows.map(([at, process]) => ({ atMs: Number(at), process: process! }));
}

async function isStandIn(site: Site): Promise<boolean> {
  const [row] = await site.sql("SELECT to_regclass('standin_jobs') IS NOT NULL");
  return row?.[0] === "t";
}

// The stand-in writes each run down.
async function runs(site: Site, run: string): Promise<ReadonlyMap<string, readonly Run[]>> {
  const rows = await site.sql(
    `SELECT text, extract(epoch FROM done_at) * 1000, process FROM standin_jobs JOIN statuses ON statuses.id = status_id WHERE text LIKE '${run}-%'`,
  );
  const jobs = new Map<string, Run[]>();
  for (const [text, doneAtMs, process] of rows) {
    jobs.set(text!, [...(jobs.get(text!) ?? []), { doneAtMs: Number(doneAtMs), process: process! }]);
  }
  return jobs;
}

// The real Mastodon's job puts the post into its author's own feed, and says nothing about when: before the first heard of it.
async function feeds(
  site: Site,
  rows: readonly (readonly string[])[],
  { posts, sockets }: Recorded,
): Promise<ReadonlyMap<string, readonly Run[]>> {
  const accounts = [...new Set(rows.map(([, , account]) => account!))];
  const script = `${await site.redis("")}\nshift; for account in "$@"; do tell zrange "feed:home:$account" 0 -1; done`;
  const there = new Set((await site.on((await site.web()).name, script, "", ...accounts)).split("\n"));
  const jobs = new Map<string, readonly Run[]>();
  for (const [id, text] of rows) {
    if (!there.has(id!)) continue;
    const heard = sockets.flatMap((socket) => socket.heard.get(text!) ?? []);
    const acknowledgedAtMs = posts.find((post) => post.text === text)?.acknowledgedAtMs ?? Infinity;
    jobs.set(text!, [{ doneAtMs: Math.min(acknowledgedAtMs, ...heard), process: "" }]);
  }
  return jobs;
}
