// The drills `rollOut` and `growth`: deploys under load that replace every pool, or add machines.

import { Drill, pause, Scene, UNDISTURBED } from "./drill";
import { unchanged } from "./processes";

const REQUESTS = 10_000;
const LIMIT_SECONDS = 150;
const WATCHED_SECONDS = 10;

export const rollOut: Drill = {
  name: "roll-out",
  title: `a new boot text replaces all web, streaming and Sidekiq machines, and the page's own replaces those, during up to ${REQUESTS} requests`,
  act: async (scene) => {
    scene.later(() => scene.page.apply());
    const there = await scene.strike(() => replaced(scene, () => scene.page.rollOut()));
    const back = await replaced(scene, () => scene.page.apply());
    // A short roll-out is watched for as long as a long one takes; the rest of the requests come to the new machines.
    await scene.until(() => scene.load.sent >= REQUESTS || scene.seconds >= LIMIT_SECONDS, LIMIT_SECONDS);
    await pause(WATCHED_SECONDS);
    const still = [...new Set([...there.still, ...back.still])];
    return {
      findings: [
        still.length === 0
          ? {
              said: `${there.members} machines were replaced in ${there.seconds} s, and again in ${back.seconds} s, during ${scene.load.sent} requests`,
              numbers: { "replaced, s": there.seconds, "replaced again, s": back.seconds },
            }
          : { said: `${still.join(", ")} were not replaced`, bad: true },
      ],
    };
  },
  limits: { ...UNDISTURBED, reconnectSeconds: 10 },
};

/** Deploys; how many members there were, and who of them is still there. */
async function replaced({ site }: Scene, deploy: () => Promise<void>) {
  const members = (await site.hosts()).filter(({ pool }) => pool !== "-");
  const begun = Date.now();
  await deploy();
  const after = new Set((await site.hosts()).map(({ name }) => name));
  return {
    members: members.length,
    seconds: Math.round((Date.now() - begun) / 1000),
    still: members.flatMap(({ name }) => (after.has(name) ? [name] : [])),
  };
}

export const growth: Drill = {
  name: "growth",
  title: "the page gets one more web machine, one more Redis replica and one more PostgreSQL replica",
  impossible: async (_site, { grown }) => (grown === undefined ? "--grown names no second version of the page" : undefined),
  act: async (scene) => {
    const hosts = await scene.site.hosts();
    const before = await scene.site.started(hosts);
    scene.later(() => scene.page.apply());
    await scene.strike(() => scene.page.apply(scene.options.grown));
    const seconds = scene.seconds;
    const now = await scene.site.hosts();
    const gone = hosts.filter(({ name }) => !now.some((host) => host.name === name)).map(({ name }) => name);
    const added = now.filter(({ name }) => !hosts.some((host) => host.name === name)).map(({ name }) => name);
    const after = await scene.site.started(hosts.filter(({ name }) => !gone.includes(name)));
    return {
      findings: [
        added.length > 0
          ? { said: `${added.join(", ")} came in ${seconds} s` }
          : { said: "the other page adds no machine", bad: true },
        ...(gone.length === 0 ? [] : [{ said: `${gone.join(", ")} went`, bad: true }]),
        unchanged(before, after),
      ],
    };
  },
  limits: UNDISTURBED,
};
