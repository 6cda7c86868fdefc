// Redis: the machine of a master, or a machine without a master, loses power; the main master is cut off from the network. One power drill per use.

import { REDIS_PORTS } from "../lib/mastodon/ports";
import { silentMs } from "../lib/mastodon/programs/sentinel";
import { Drill, Finding, Limits, pause, Scene, UNDISTURBED } from "./drill";
import { unchanged } from "./processes";
import { INSIDE_WRITER, Use, WRITER } from "./questions";
import { doesOnly, Host } from "./hosts";
import { jobsAtRisk } from "./sidekiq";
import { Site } from "./site";
import { copies, watchers } from "./sentinels";
import { Split, split, writes } from "./writes";

// What Sentinel needs once it is sure, and an app until it has asked again.
const ELECTION_SECONDS = 3;
// The last replica's word counts for three seconds, and each second one is due.
const STOPS_SECONDS = 5;
const CUT_SECONDS = 15;
const WATCHED_SECONDS = 20;
/** Until posts are taken again, above `downAfterSeconds`. */
const POSTS_AGAIN_SECONDS = 4;
/** The largest `downAfterSeconds`. */
const MOST_SECONDS = 60;
const SENTINEL_SECONDS = 12;
const HANDED_OVER_SECONDS = 10;

const WHAT: Readonly<Record<Use, string>> = { "": "feeds", SIDEKIQ_: "jobs", CACHE_: "the cache" };
export const USES: readonly Use[] = ["", "SIDEKIQ_", "CACHE_"];

// HAProxy ends streaming's connection when another is master, so live timelines are back with the posts.
const LIMITS: Limits = {
  ...UNDISTURBED,
  failuresWithinSeconds: 12,
  eventsMissedWithinSeconds: 10,
};
// A page reads the cache, and does without it. It also asks for feeds, which is why another machine has to be master of those; timelines and posts
// need jobs as well, of which this machine may be master.
const CACHE_LIMITS: Limits = { ...LIMITS, pagesFailed: 0, slowestPageSeconds: 4 };

export const redisPower: readonly Drill[] = (
  [
    ["redis-main-power", "", LIMITS],
    ["redis-sidekiq-power", "SIDEKIQ_", LIMITS],
    ["redis-cache-power", "CACHE_", CACHE_LIMITS],
  ] as const
).map(([name, use, limits]) => ({
  name,
  title: `the machine of the Redis master for ${WHAT[use]} loses power`,
  impossible: (site: Site) => unwatched(site, use),
  act: async (scene: Scene) => {
    const master = await masterOf(scene.site, use);
    if (use === "CACHE_") await handOver(scene, master);
    const uses = await usesOf(scene.site, master);
    const jobsLost = await jobsAtRisk(scene.site, [master.name]);
    const apps = await appsOf(scene.site);
    const before = await scene.site.started(apps);
    const downSeconds = await downAfterSeconds(scene.site, use);
    const limitSeconds = downSeconds + ELECTION_SECONDS + (scene.options.slackSeconds ?? 0);
    const writer = scene.site.start(
      (await scene.site.web()).name,
      `${await scene.site.redis(use)}\n${WRITER}`,
      use,
      key(),
      "app",
    );
    await pause(2);
    await scene.strike(() => scene.kill(master.name));
    await pause(WATCHED_SECONDS);
    const written = await writer.end();
    const after = await scene.site.started(apps);
    return {
      findings: [
        { said: `${master.name} was master for ${uses.join(", ")}` },
        failover(written, scene.actMs, limitSeconds),
        unchanged(before, after),
      ],
      limits: { withoutPostSeconds: downSeconds + POSTS_AGAIN_SECONDS, jobsLost },
    };
  },
  limits,
}));

export const sentinelPower: Drill = {
  name: "sentinel-power",
  title: `a machine of Redis that holds no master, only replicas and a sentinel, loses power for ${SENTINEL_SECONDS} s`,
  impossible: async (site) => ((await idle(site)) === undefined ? "every machine of Redis is master of something" : undefined),
  act: async (scene) => {
    const { site } = scene;
    const host = (await idle(site))!;
    const apps = await appsOf(site);
    const before = await site.started(apps);
    await scene.strike(() => scene.kill(host.name));
    await pause(SENTINEL_SECONDS);
    await scene.start(host.name);
    return { findings: [unchanged(before, await site.started(apps))] };
  },
  limits: UNDISTURBED,
};

export const redisPartition: Drill = {
  name: "redis-partition",
  title: `the machine of the main Redis master is cut off for ${CUT_SECONDS} s`,
  impossible: (site) => unwatched(site, ""),
  act: async (scene) => {
    const { site } = scene;
    const master = await masterOf(site, "");
    const jobsLost = await jobsAtRisk(site, [master.name]);
    const { name: instance } = watchers(await site.inventory(), "");
    const limitSeconds = (await downAfterSeconds(site, "")) + ELECTION_SECONDS + (scene.options.slackSeconds ?? 0);
    // A master with one replica goes on without it.
    const guarded = copies(await site.inventory(), instance) > 2;
    const [web, found] = [(await site.web()).name, await site.redis("")];
    const lists = { inside: key(), app: key(), master: key() };
    // An app as it is, and one that asks the sentinels itself: neither may write while the old master takes writes.
    const app = site.start(web, `${found}\n${WRITER}`, "", lists.app, "app");
    const other = site.start(web, `${found}\n${WRITER}`, "", lists.master, "master");
    const inside = site.start(master.name, INSIDE_WRITER, instance, lists.inside);
    await pause(2);
    await scene.strike(() => scene.cut(master.name));
    await pause(CUT_SECONDS);
    await scene.mend(master.name);
    const port = `$(sed -n 's/^port //p' /etc/redis/${instance}.settings)`;
    const role = `REDISCLI_AUTH=$(sed -n 's/^requirepass //p' /etc/redis/${instance}.settings) redis-cli -p ${port} role | head -n 1`;
    const returned = await scene.until(async () => (await site.on(master.name, role)).trim() === "slave", 60);
    const returnedSeconds = scene.seconds - CUT_SECONDS;
    const [byApp, byOther, byInside] = [await app.end(), await other.end(), await inside.end()];
    const there = async (list: string) =>
      new Set((await inRedis(site, "", `tell lrange ${list} 0 -1; tell del ${list} >/dev/null`)).split("\n"));
    const seen = split({
      actMs: scene.actMs,
      inside: { writes: writes(byInside), there: await there(lists.inside) },
      outside: [
        { writes: writes(byApp), there: await there(lists.app) },
        { writes: writes(byOther), there: await there(lists.master) },
      ],
    });
    return {
      findings: [
        failover(byApp, scene.actMs, limitSeconds),
        ...splitFindings(seen, guarded),
        returned
          ? { said: `it was a replica ${returnedSeconds.toFixed(1)} s after it was back` }
          : { said: "it did not come back as a replica within 60 s", bad: true },
      ],
      limits: { jobsLost },
    };
  },
  limits: { ...LIMITS, failuresWithinSeconds: 15, withoutPostSeconds: 15, eventsMissedWithinSeconds: 15 },
};

/** With two replicas or more the old master has to stop before another begins. With one it cannot know, and the loss is told. */
function splitFindings(seen: Split, guarded: boolean): readonly Finding[] {
  const { insideLastSeconds: last, outsideFirstSeconds: first } = seen;
  return [
    {
      said: `the master that was cut off acknowledged ${seen.inside} more writes of its own machine, the last after ${last ?? 0} s; ${seen.insideGone} of them were thrown away`,
      bad: guarded && (last ?? 0) > STOPS_SECONDS,
      numbers: { "writes thrown away": seen.insideGone, "old master's last write, s": last ?? 0 },
    },
    {
      said:
        first === undefined
          ? "outside nobody could write again"
          : seen.bothSeconds === 0
            ? `outside the first write was taken after ${first} s: never did two masters take writes at the same time`
            : `outside the first write was taken after ${first} s: for ${seen.bothSeconds} s two masters took writes`,
      bad: first === undefined || (guarded && seen.bothSeconds > 0),
      numbers: { "two masters, s": seen.bothSeconds },
    },
    { said: `${seen.outsideGone} of ${seen.outside} writes that the new master took are gone`, bad: seen.outsideGone > 0 },
  ];
}

/** A machine of Redis that is master of nothing. */
async function idle(site: Site): Promise<Host | undefined> {
  const masters = await Promise.all(USES.map((use) => site.master(use)));
  const hosts = (await site.with("redis")).filter((host) => doesOnly(host, "redis"));
  if (masters.every((master) => master === undefined)) return undefined;
  return hosts.find(({ name }) => !masters.some((master) => master?.name === name));
}

/** What this machine is master of. */
async function usesOf(site: Site, { name }: Host): Promise<readonly string[]> {
  const all = await Promise.all(USES.map(async (use) => ({ use, master: await site.master(use) })));
  return all.filter(({ master }) => master?.name === name).map(({ use }) => WHAT[use]);
}

/** Has another machine become master of feeds, if this one is. */
async function handOver(scene: Scene, { name }: Host): Promise<void> {
  const { site, say } = scene;
  const here = async () => (await site.master(""))?.name === name;
  if (!(await here())) return;
  say(`${name}: another machine becomes master for feeds`);
  const { name: instance } = watchers(await site.inventory(), "");
  await site.on(name, `sentinel-console sentinel failover ${instance}`);
  if (!(await scene.until(async () => !(await here()), 60))) throw new Error(`${name} is still master for feeds after 60 s`);
  // Until apps have found it and the old one copies it.
  await pause(HANDED_OVER_SECONDS);
}

async function unwatched(site: Site, use: Use): Promise<string | undefined> {
  return (await site.master(use)) === undefined ? "no sentinel watches this Redis: no other can take over" : undefined;
}

async function masterOf(site: Site, use: Use) {
  const master = await site.master(use);
  if (master === undefined) throw new Error("no sentinel knows the master");
  return master;
}

async function appsOf(site: Site) {
  return (await site.hosts()).filter(({ roles }) => (["web", "streaming", "sidekiq"] as const).some((role) => roles.has(role)));
}

async function inRedis(site: Site, use: Use, script: string): Promise<string> {
  return site.on((await site.web()).name, `${await site.redis(use)}\n${script}`, use);
}

async function downAfterSeconds(site: Site, use: Use): Promise<number> {
  const ask = 'one=${sentinels%% *}; REDISCLI_AUTH= redis-cli -h "${one%:*}" -p "${one#*:}" sentinel master "$name"';
  return promised(Number(await inRedis(site, use, `${ask} | grep -A 1 -x down-after-milliseconds | tail -n 1`)));
}

/**
 * The prop by which sentinels were told these milliseconds: a drill holds the site to the prop, whatever they are told.
 * @throws if no prop leads to them
 */
export function promised(toldMs: number): number {
  for (let seconds = 1; seconds <= MOST_SECONDS; seconds++)
    if (Object.values(REDIS_PORTS).some((port) => silentMs(seconds, port) === toldMs)) return seconds;
  throw new Error(`the sentinels wait ${toldMs} ms, which no downAfterSeconds of the page makes`);
}

/** Whether and when an app could write again after the act, and what it was told meanwhile. */
function failover(lines: readonly string[], actMs: number, limitSeconds: number): Finding {
  const all = writes(lines).filter(({ atMs }) => atMs > actMs);
  const refused = all.findIndex(({ yes }) => !yes);
  if (refused === -1) return { said: "an app in the network was never refused a write" };
  const again = all.findIndex(({ yes }, n) => n > refused && yes);
  const told = [...new Set(all.slice(refused, again === -1 ? undefined : again).map(({ answer }) => answer))].map((answer) => {
    const last = all.findLast((write, n) => write.answer === answer && (again === -1 || n < again))!;
    return `${answer} until ${seconds(last.atMs - actMs)} s`;
  });
  if (again === -1) return { said: `an app in the network could not write again (${told.join(", ")})`, bad: true };
  const silentSeconds = seconds(all[again]!.atMs - actMs);
  const said = `an app in the network could write again after ${silentSeconds} s, at most ${limitSeconds} s are allowed (${told.join(", ")})`;
  return { said, bad: silentSeconds > limitSeconds, numbers: { "an app could write again, s": silentSeconds } };
}

let keys = 0;
const key = () => `drill:${process.pid}:${Date.now()}:${keys++}`;
const seconds = (ms: number) => Math.round(ms / 100) / 10;
