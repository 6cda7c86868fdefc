// Redis: the machine of a master loses power, and the main one is cut off from the network. One drill for each use.

import { Drill, Finding, Limits, pause, Scene, UNDISTURBED } from "./drill";
import { INSIDE_WRITER, REDIS, Use, WRITER } from "./questions";
import { Site } from "./site";

// What Sentinel needs once it is sure, and an app until it has asked again.
const ELECTION_SECONDS = 3;
// The last replica's word counts for three seconds, and each second one is due.
const STOPS_SECONDS = 5;
const CUT_SECONDS = 15;
const WATCHED_SECONDS = 25;

// Requests in hand wait for a time-out of their own, and hold the threads that others wait for; streaming finds its dead connection after a
// dozen seconds.
const LIMITS: Limits = {
  ...UNDISTURBED,
  failuresWithinSeconds: 25,
  withoutPostSeconds: 25,
  eventsMissedWithinSeconds: 30,
};

export const redisPower: readonly Drill[] = (
  [
    ["redis-main-power", "", "feeds"],
    ["redis-sidekiq-power", "SIDEKIQ_", "jobs"],
    ["redis-cache-power", "CACHE_", "the cache"],
  ] as const
).map(([name, use, what]) => ({
  name,
  title: `the machine of the Redis master for ${what} loses power`,
  impossible: (site: Site) => unwatched(site, use),
  act: async (scene: Scene) => {
    const master = await masterOf(scene.site, use);
    const apps = await appsOf(scene.site);
    const before = await scene.site.started(apps);
    const limitSeconds = (await downAfterSeconds(scene.site, use)) + ELECTION_SECONDS + (scene.options.slackSeconds ?? 0);
    const writer = scene.site.start((await scene.site.web()).name, `${REDIS}\n${WRITER}`, use, key());
    await pause(2);
    await scene.strike(() => scene.kill(master.name));
    await pause(WATCHED_SECONDS);
    const written = await writer.end();
    const after = await scene.site.started(apps);
    return { findings: [failover(written, scene.actMs, limitSeconds), unchanged(before, after)] };
  },
  limits: LIMITS,
}));

export const redisPartition: Drill = {
  name: "redis-partition",
  title: `the machine of the main Redis master is cut off for ${CUT_SECONDS} s`,
  impossible: (site) => unwatched(site, ""),
  act: async (scene) => {
    const { site } = scene;
    const master = await masterOf(site, "");
    const instance = (await inRedis(site, "", 'echo "$name"')).trim();
    const limitSeconds = (await downAfterSeconds(site, "")) + ELECTION_SECONDS + (scene.options.slackSeconds ?? 0);
    const guarded =
      (await site.on(master.name, `grep -c '^min-replicas-to-write' /etc/redis/${instance}.settings || true`)).trim() !== "0";
    const list = key();
    const outside = site.start((await site.web()).name, `${REDIS}\n${WRITER}`, "", key());
    const inside = site.start(master.name, INSIDE_WRITER, instance, list);
    await pause(2);
    await scene.strike(() => scene.cut(master.name));
    await pause(CUT_SECONDS);
    const writtenOutside = await outside.end();
    await scene.mend(master.name);
    const port = `$(sed -n 's/^port //p' /etc/redis/${instance}.settings)`;
    const role = `REDISCLI_AUTH=$(sed -n 's/^requirepass //p' /etc/redis/${instance}.settings) redis-cli -p ${port} role | head -n 1`;
    const returned = await scene.until(async () => (await site.on(master.name, role)).trim() === "slave", 60);
    const returnedSeconds = scene.seconds - CUT_SECONDS;
    const written = writes(await inside.end()).filter(({ yes }) => yes);
    const losing = written.filter(({ atMs }) => atMs > scene.actMs);
    const there = new Set((await inRedis(site, "", `tell lrange ${list} 0 -1; tell del ${list} >/dev/null`)).split("\n"));
    const gone = losing.filter(({ number }) => !there.has(number)).length;
    const stopped = losing.length === 0 ? 0 : seconds(losing.at(-1)!.atMs - scene.actMs);
    const findings: Finding[] = [
      failover(writtenOutside, scene.actMs, limitSeconds),
      {
        said: `the master that was cut off acknowledged ${losing.length} more writes of its own machine, the last after ${stopped} s; ${gone} of them were thrown away`,
        bad: guarded && stopped > STOPS_SECONDS,
      },
      returned
        ? { said: `it was a replica ${returnedSeconds.toFixed(1)} s after it was back` }
        : { said: "it did not come back as a replica within 60 s", bad: true },
    ];
    return { findings };
  },
  limits: LIMITS,
};

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
  return site.on((await site.web()).name, `${REDIS}\n${script}`, use);
}

async function downAfterSeconds(site: Site, use: Use): Promise<number> {
  const ask = 'one=${sentinels%% *}; REDISCLI_AUTH= redis-cli -h "${one%:*}" -p "${one#*:}" sentinel master "$name"';
  const told = Number(await inRedis(site, use, `${ask} | grep -A 1 -x down-after-milliseconds | tail -n 1`));
  // What the sentinels are told leaves out the time in which they ask the master and each other.
  return (told + Math.min(1500, told)) / 1000;
}

interface Write {
  readonly atMs: number;
  readonly number: string;
  readonly yes: boolean;
  readonly answer: string;
}

function writes(lines: readonly string[]): readonly Write[] {
  return lines.map((line) => {
    const [at, number, answer] = line.split(" ");
    return { atMs: Number(at), number: number!, yes: answer === "yes", answer: answer || "no answer" };
  });
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
  return { said, bad: silentSeconds > limitSeconds };
}

export function unchanged(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): Finding {
  const other = Object.keys(before).filter((name) => before[name] !== after[name]);
  return other.length === 0
    ? { said: `no process of ${Object.keys(before).length} machines was started anew` }
    : { said: `processes were started anew on ${other.join(", ")}`, bad: true };
}

let keys = 0;
const key = () => `drill:${process.pid}:${Date.now()}:${keys++}`;
const seconds = (ms: number) => Math.round(ms / 100) / 10;
