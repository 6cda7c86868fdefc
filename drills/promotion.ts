// The PostgreSQL primary is lost: a standby is promoted by one command, and the old primary comes back as a standby, or is replaced by one.

import { Drill, Finding, pause, Scene, UNDISTURBED } from "./drill";
import { alone, parts, primary, psql, standbys } from "./parts";
import { Host } from "./hosts";

const NOTICED_SECONDS = 5;
const PROMOTED_SECONDS = 120;
const FOLLOWS_SECONDS = 120;
const WATCHED_SECONDS = 20;

export const postgresLost: Drill = {
  name: "postgres-lost",
  title: "the PostgreSQL primary loses power for good, and `postgres-promote` makes a standby the primary",
  impossible: alone,
  act: async (scene) => {
    const { site } = scene;
    const old = await primary(site);
    const candidates = await standbys(site);
    const synchronous = (await psql(site, old, "show synchronous_standby_names")) !== "";
    scene.load.burst(20);
    await scene.strike(() => scene.kill(old.name));
    await pause(NOTICED_SECONDS);
    const from = scene.seconds;
    const promoted = await promote(scene, candidates);
    const findings: Finding[] = [
      promoted === undefined
        ? { said: "no standby let itself be promoted", bad: true }
        : {
            said: `${promoted.name} was primary ${(scene.seconds - from).toFixed(1)} s after the command`,
            bad: scene.seconds - from > PROMOTED_SECONDS,
          },
    ];
    if (promoted === undefined) return { findings };
    findings.push(await comesBack(scene, old));
    findings.push(await madeAnew(scene, old));
    return { findings, limits: { postsLost: synchronous ? 0 : Infinity } };
  },
  breaksQueries: true,
  limits: {
    ...UNDISTURBED,
    failuresWithinSeconds: NOTICED_SECONDS + PROMOTED_SECONDS,
    withoutPostSeconds: NOTICED_SECONDS + PROMOTED_SECONDS,
  },
};

export const postgresCut: Drill = {
  name: "postgres-cut",
  title: "the PostgreSQL primary is cut off, a standby is promoted, and the old primary can be reached again",
  impossible: alone,
  act: async (scene) => {
    const { site } = scene;
    const old = await primary(site);
    const candidates = await standbys(site);
    const synchronous = (await psql(site, old, "show synchronous_standby_names")) !== "";
    await scene.strike(() => scene.cut(old.name));
    await pause(NOTICED_SECONDS);
    const promoted = await promote(scene, candidates);
    if (promoted === undefined) return { findings: [{ said: "no standby let itself be promoted", bad: true }] };
    await pause(NOTICED_SECONDS);
    await scene.mend(old.name);
    return { findings: [await givesWay(scene, old)], limits: { postsLost: synchronous ? 0 : Infinity } };
  },
  breaksQueries: true,
  limits: {
    ...UNDISTURBED,
    failuresWithinSeconds: 2 * NOTICED_SECONDS + PROMOTED_SECONDS,
    withoutPostSeconds: NOTICED_SECONDS + PROMOTED_SECONDS,
  },
};

// It cannot know that it was overtaken before it is reached again, so for that long it still says that it is primary; nobody may be sent to it.
async function givesWay(scene: Scene, old: Host): Promise<Finding> {
  const { site } = scene;
  const from = scene.seconds;
  const after = () => (scene.seconds - from).toFixed(1);
  let follows: string | undefined;
  let stopped: string | undefined;
  await scene.until(async () => {
    const all = await parts(site);
    const one = all.find(({ host }) => host.name === old.name);
    if (one !== undefined && !one.serves) stopped ??= after();
    if (one?.reads === true && one.role === "standby") follows ??= after();
    return follows !== undefined;
  }, FOLLOWS_SECONDS);
  return follows === undefined
    ? { said: `${old.name} was no replica ${FOLLOWS_SECONDS} s after it could be reached again`, bad: true }
    : { said: `${old.name} no longer said that it is primary after ${stopped} s, and was a replica after ${follows} s` };
}

/** The one that has received most says so of itself; the others name it. */
async function promote({ site, say }: Scene, candidates: readonly Host[]): Promise<Host | undefined> {
  for (const candidate of candidates) {
    const said = await site.on(candidate.name, "postgres-promote 2>&1 || true");
    say(said.trim().split("\n")[0]!);
    if (said.includes(" is primary after ")) return candidate;
  }
  return undefined;
}

// It must never be a second primary, not even for a moment.
async function comesBack(scene: Scene, old: Host): Promise<Finding> {
  const { site } = scene;
  await scene.start(old.name);
  const from = scene.seconds;
  let second = false;
  let follows: number | undefined;
  await scene.until(async () => {
    const all = await parts(site);
    second ||= all.filter(({ serves }) => serves).length > 1;
    second ||= all.some(({ host, role }) => host.name === old.name && role === "primary");
    if (all.some(({ host, reads }) => host.name === old.name && reads)) follows ??= scene.seconds - from;
    return follows !== undefined && scene.seconds - from > WATCHED_SECONDS;
  }, FOLLOWS_SECONDS);
  if (second) return { said: `${old.name} came back as a second primary`, bad: true };
  return follows === undefined
    ? { said: `${old.name} was no replica ${FOLLOWS_SECONDS} s after it was back`, bad: true }
    : { said: `${old.name} came back as a replica within ${follows.toFixed(1)} s, and never as a primary` };
}

// As after the loss of its disk: the page's own words make a new replica.
async function madeAnew(scene: Scene, old: Host): Promise<Finding> {
  const { site, page } = scene;
  await site.on(old.name, "systemctl stop postgresql@17-main && rm -rf /var/lib/postgresql/17");
  const from = scene.seconds;
  await page.renew(old.name);
  const stands = await scene.until(
    async () => (await parts(site)).some(({ host, reads }) => host.name === old.name && reads),
    FOLLOWS_SECONDS,
  );
  const seconds = (scene.seconds - from).toFixed(1);
  return {
    said: stands ? `with an empty disk it was made anew as a replica in ${seconds} s` : "it was not made anew as a replica",
    bad: !stands,
  };
}
