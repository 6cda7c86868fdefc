// All machines of PostgreSQL, or of Redis, are cut off from the network for a minute. Application processes must wait, and must not be restarted.

import { Drill, named, pause, Scene, UNDISTURBED } from "./drill";
import { unchanged } from "./processes";
import { doesOnly, Role } from "./hosts";
import { jobsAtRisk } from "./sidekiq";
import { Site } from "./site";

const AWAY_SECONDS = 60;
/** Sentinels agree on a master, poolers and apps connect anew. */
const BACK_SECONDS = 30;
const LIMITS = {
  ...UNDISTURBED,
  failuresWithinSeconds: AWAY_SECONDS + BACK_SECONDS,
  withoutPostSeconds: AWAY_SECONDS + BACK_SECONDS,
  eventsMissedWithinSeconds: AWAY_SECONDS + BACK_SECONDS,
  // Mastodon's streaming ends when its connection to the database breaks, and it is its service manager that starts it again.
  reconnectSeconds: 0,
};
const APPS: readonly Role[] = ["web", "streaming", "sidekiq"];

export const postgresAway: Drill = {
  name: "postgres-away",
  title: `all PostgreSQL machines are cut off for ${AWAY_SECONDS} s`,
  impossible: (site) => inseparable(site, "postgres"),
  act: (scene) => away(scene, "postgres"),
  breaksQueries: true,
  movesPrimary: true,
  limits: LIMITS,
};

export const redisAway: Drill = {
  name: "redis-away",
  title: `all Redis machines are cut off for ${AWAY_SECONDS} s`,
  impossible: (site) => inseparable(site, "redis"),
  act: (scene) => away(scene, "redis"),
  limits: LIMITS,
};

async function away(scene: Scene, role: Role) {
  const { site } = scene;
  const gone = named(await site.with(role));
  const apps = (await site.hosts()).filter(({ roles }) => APPS.some((app) => roles.has(app)));
  const jobsLost = await jobsAtRisk(site, gone);
  const before = await site.started(apps);
  await scene.strike(() => Promise.all(gone.map((name) => scene.cut(name))));
  await pause(AWAY_SECONDS);
  await Promise.all(gone.map((name) => scene.mend(name)));
  await pause(BACK_SECONDS / 2);
  return { findings: [unchanged(before, await site.started(apps))], limits: { jobsLost } };
}

async function inseparable(site: Site, role: Role): Promise<string | undefined> {
  const hosts = await site.with(role);
  if (hosts.length === 0) return "the page has none of its own";
  const others = hosts.filter((host) => !doesOnly(host, role));
  return others.length === 0 ? undefined : `${named(others).join(", ")} does other things as well`;
}
