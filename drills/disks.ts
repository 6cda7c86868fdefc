// Two drills: the disk of the PostgreSQL primary, or of the main Redis master, runs full and is freed again.

import { Drill, Finding, pause, Scene, UNDISTURBED } from "./drill";
import { EXHAUST_WAL, FILL } from "./full-disk";
import { hasPatroni, primary } from "./parts";
import { agreed } from "./patroni";
import { jobsAtRisk } from "./sidekiq";
import { Host } from "./hosts";
import { Site } from "./site";

const FULL_SECONDS = 15;
const BACK_SECONDS = 60;
const POSTGRES = "/var/lib/postgresql";
const REDIS_HOME = "/var/lib/redis";

export const postgresDiskFull: Drill = {
  name: "postgres-disk-full",
  title: "the PostgreSQL primary's disk runs full, so that not even its log can grow",
  impossible: async (site) =>
    (await site.with("postgres")).length === 0 ? "the page has none of its own" : unsized(site, await primary(site), POSTGRES),
  act: async (scene) => {
    const { site } = scene;
    const host = await primary(site);
    const fate = scene.strike(() => fill(scene, host, POSTGRES)).then(() => site.on(host.name, EXHAUST_WAL));
    const down = (await fate).trim() === "down";
    await pause(FULL_SECONDS);
    const findings: Finding[] = [
      { said: down ? "PostgreSQL stood still for want of log" : "PostgreSQL refused to grow and stayed up" },
      await saysSo(site, host, POSTGRES),
    ];
    await scene.beforeRepair?.();
    await room(site, host, POSTGRES);
    findings.push(await serves(scene, host));
    const now = (await primary(site)).name;
    findings.push({ said: now === host.name ? `${now} was primary again` : `${now} was primary instead` });
    const synchronous = hasPatroni(host) && (await agreed(scene, host)).synchronous;
    return { findings, limits: { postsLost: now === host.name || synchronous ? 0 : Infinity } };
  },
  breaksQueries: true,
  movesPrimary: true,
  limits: {
    ...UNDISTURBED,
    failuresWithinSeconds: FULL_SECONDS + BACK_SECONDS * 2,
    withoutPostSeconds: FULL_SECONDS + BACK_SECONDS * 2,
  },
};

export const redisDiskFull: Drill = {
  name: "redis-disk-full",
  title: "the disk of the main Redis master runs full",
  impossible: async (site) => {
    const master = await site.master("");
    return master === undefined ? "no sentinel watches this Redis: no other can take over" : unsized(site, master, REDIS_HOME);
  },
  act: async (scene) => {
    const { site } = scene;
    const host = (await site.master(""))!;
    const jobsLost = await jobsAtRisk(site, [host.name]);
    await scene.strike(() => fill(scene, host, REDIS_HOME));
    const moved = await scene.until(async () => {
      // Small writes fit into what the file system rounds up to; larger ones bring the end about.
      await site.on(
        (await site.web()).name,
        `${await site.redis("")}\ntell set drill:full-disk "$(head -c 60000 /dev/zero | tr '\\0' x)" ex 60 >/dev/null || true`,
        "",
      );
      return (await site.master("").catch(() => host))?.name !== host.name;
    }, BACK_SECONDS);
    const findings: Finding[] = [
      moved
        ? { said: `another was master after ${scene.seconds} s` }
        : { said: `the master was the same ${BACK_SECONDS} s later`, bad: true },
      await saysSo(site, host, REDIS_HOME),
    ];
    await scene.beforeRepair?.();
    await room(site, host, REDIS_HOME);
    return { findings: [...findings, await serves(scene, host)], limits: { jobsLost } };
  },
  limits: {
    ...UNDISTURBED,
    failuresWithinSeconds: BACK_SECONDS,
    withoutPostSeconds: BACK_SECONDS,
    eventsMissedWithinSeconds: BACK_SECONDS + 25,
  },
};

async function fill(scene: Scene, { name }: Host, directory: string): Promise<void> {
  scene.later(() => room(scene.site, { name }, directory));
  scene.say(`${name}: ${directory} is filled`);
  await scene.site.on(name, FILL, directory);
}

async function room(site: Site, { name }: Pick<Host, "name">, directory: string): Promise<void> {
  await site.on(name, 'rm -f "$1/ballast"', directory);
}

/** Whether the machine reports the full disk in its status. */
async function saysSo(site: Site, { name }: Host, directory: string): Promise<Finding> {
  const said = (await site.on(name, "/usr/local/sbin/ready 2>&1 || true")).trim();
  return {
    said: `its \`ready\` said: ${said || "nothing"}`,
    bad: !said.startsWith(`the disk at ${directory} is full: 0 MiB of `),
  };
}

async function serves(scene: Scene, { name }: Host): Promise<Finding> {
  const from = scene.seconds;
  const well = await scene.until(
    async () => (await scene.site.on(name, "/usr/local/sbin/ready >/dev/null 2>&1 && echo yes || echo no")).trim() === "yes",
    BACK_SECONDS,
  );
  return well
    ? { said: `with room it served again after ${(scene.seconds - from).toFixed(1)} s, by itself` }
    : { said: `with room it did not serve again within ${BACK_SECONDS} s`, bad: true };
}

async function unsized(site: Site, { name }: Host, directory: string): Promise<string | undefined> {
  const source = (await site.on(name, 'findmnt -n -o SOURCE --target "$1" || true', directory)).trim();
  return source.startsWith("/dev/loop") ? undefined : "its disk has no size of its own on this host, and would fill the host's";
}
