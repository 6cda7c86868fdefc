// PgBouncer is restarted, reads its settings anew, and its machine is made anew. Requests wait or fail for a while, and nothing is lost.

import { Drill, pause, UNDISTURBED } from "./drill";
import { ended } from "./processes";
import { Host } from "./hosts";
import { Site } from "./site";

const RENEWAL_SECONDS = 90;
const POOLER_SECONDS = 180;
const WATCHED_SECONDS = 5;

/** Two processes, one after the other; systemd gives each 45 s to part from its clients (TimeoutStopSec). */
const POOLER_RESTART_SECONDS = 2 * 45;

export const pgbouncerRestart: Drill = {
  name: "pgbouncer-restart",
  title: "PgBouncer is restarted",
  impossible: none,
  act: again("restart"),
  breaksQueries: true,
  // What a process holds to the end is closed at its next query, which fails then; no WebSocket is cut by it, and no process ends.
  limits: { ...UNDISTURBED, failuresWithinSeconds: POOLER_RESTART_SECONDS },
};

export const pgbouncerReload: Drill = {
  name: "pgbouncer-reload",
  title: "PgBouncer reads its settings anew",
  impossible: none,
  act: again("reload"),
  limits: UNDISTURBED,
};

export const pgbouncerRenewed: Drill = {
  name: "pgbouncer-renewed",
  title: "PgBouncer's machine is made anew",
  impossible: none,
  act: async (scene) => {
    const { name } = await pooler(scene.site);
    await scene.strike(() => scene.page.renew(name));
    const seconds = scene.seconds;
    return { findings: [{ said: `${name} was made anew in ${seconds} s`, numbers: { "made anew, s": seconds } }] };
  },
  breaksQueries: true,
  limits: { ...UNDISTURBED, failuresWithinSeconds: RENEWAL_SECONDS, withoutPostSeconds: RENEWAL_SECONDS },
};

/** Mastodon's streaming ends when an idle connection of its breaks, which cuts all of its WebSockets. */
function again(what: "restart" | "reload"): Drill["act"] {
  return async (scene) => {
    const { site } = scene;
    const { name } = await pooler(site);
    const streaming = await site.with("streaming");
    const before = await site.started(streaming);
    // It waits for its clients, longer than a command may take.
    await scene.strike(() => site.on(name, `systemctl ${what} --no-block pgbouncer.service`));
    await scene.until(
      async () => (await site.on(name, "systemctl list-jobs --plain --no-legend 'pgbouncer*' | wc -l")).trim() === "0",
      POOLER_SECONDS,
    );
    const seconds = scene.seconds;
    await pause(WATCHED_SECONDS);
    const count = ended(before, await site.started(streaming), "mastodon-streaming");
    return {
      findings: [
        { said: `the ${what} took ${seconds} s`, numbers: { [`${what}, s`]: seconds } },
        {
          said: `${count} streaming processes ended`,
          bad: count > 0,
          numbers: { "streaming processes ended": count },
        },
      ],
    };
  };
}

async function none(site: Site): Promise<string | undefined> {
  return (await site.with("pgbouncer")).length > 0 ? undefined : "the page has none of its own";
}

async function pooler(site: Site): Promise<Host> {
  return (await site.with("pgbouncer"))[0]!;
}
