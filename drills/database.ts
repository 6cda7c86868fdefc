// PgBouncer and PostgreSQL: restarted, and their machines made anew over their disks. Requests wait or fail for a while, and nothing is lost.

import { Drill, pause, Scene, UNDISTURBED } from "./drill";
import { primary } from "./parts";
import { ended } from "./processes";
import { Host } from "./hosts";
import { Site } from "./site";

const RESTART_SECONDS = 10;
const RENEWAL_SECONDS = 90;
const POOLER_SECONDS = 180;
const WATCHED_SECONDS = 5;

/** Two processes, one after the other; systemd gives each 45 s to part from its clients (TimeoutStopSec). */
const POOLER_RESTART_SECONDS = 2 * 45;
const restarts = { ...UNDISTURBED, failuresWithinSeconds: RESTART_SECONDS, withoutPostSeconds: RESTART_SECONDS + 5 };
const renewals = { ...UNDISTURBED, failuresWithinSeconds: RENEWAL_SECONDS, withoutPostSeconds: RENEWAL_SECONDS };

export const pgbouncerRestart: Drill = {
  name: "pgbouncer-restart",
  title: "PgBouncer is restarted",
  impossible: (site) => none(site, "pgbouncer"),
  act: again("restart"),
  breaksQueries: true,
  // What a process holds to the end is closed at its next query, which fails then; no WebSocket is cut by it, and no process ends.
  limits: { ...UNDISTURBED, failuresWithinSeconds: POOLER_RESTART_SECONDS },
};

export const pgbouncerReload: Drill = {
  name: "pgbouncer-reload",
  title: "PgBouncer reads its settings anew",
  impossible: (site) => none(site, "pgbouncer"),
  act: again("reload"),
  limits: UNDISTURBED,
};

export const pgbouncerRenewed: Drill = {
  name: "pgbouncer-renewed",
  title: "PgBouncer's machine is made anew",
  impossible: (site) => none(site, "pgbouncer"),
  act: renew(pooler),
  breaksQueries: true,
  limits: renewals,
};

export const postgresRestart: Drill = {
  name: "postgres-restart",
  title: "the PostgreSQL primary is restarted",
  impossible: (site) => none(site, "postgres"),
  act: restart(primary, "postgresql@17-main.service"),
  breaksQueries: true,
  limits: restarts,
};

export const postgresRenewed: Drill = {
  name: "postgres-renewed",
  title: "the machine of the PostgreSQL primary is made anew over its disk",
  impossible: (site) => none(site, "postgres"),
  act: renew(primary),
  breaksQueries: true,
  limits: renewals,
};

function restart(find: (site: Site) => Promise<Host>, unit: string): Drill["act"] {
  return async (scene) => {
    const { name } = await find(scene.site);
    await scene.strike(() => scene.site.on(name, `systemctl restart ${unit}`));
    return { findings: [{ said: `${unit} was back after ${scene.seconds} s` }] };
  };
}

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

function renew(find: (site: Site) => Promise<Host>): Drill["act"] {
  return async (scene: Scene) => {
    const { name } = await find(scene.site);
    await scene.strike(() => scene.page.renew(name));
    return { findings: [{ said: `${name} was made anew in ${scene.seconds} s` }] };
  };
}

async function none(site: Site, role: "pgbouncer" | "postgres"): Promise<string | undefined> {
  return (await site.with(role)).length > 0 ? undefined : "the page has none of its own";
}

async function pooler(site: Site): Promise<Host> {
  return (await site.with("pgbouncer"))[0]!;
}
