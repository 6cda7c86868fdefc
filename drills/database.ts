// PgBouncer and PostgreSQL: restarted, and their machines made anew over their disks. Requests wait or fail for a while, and nothing is lost.

import { Drill, Scene, UNDISTURBED } from "./drill";
import { primary } from "./parts";
import { Host, Site } from "./site";

const RESTART_SECONDS = 10;
const RENEWAL_SECONDS = 90;

const restarts = { ...UNDISTURBED, failuresWithinSeconds: RESTART_SECONDS, withoutPostSeconds: RESTART_SECONDS + 5 };
const renewals = { ...UNDISTURBED, failuresWithinSeconds: RENEWAL_SECONDS, withoutPostSeconds: RENEWAL_SECONDS };

export const pgbouncerRestart: Drill = {
  name: "pgbouncer-restart",
  title: "PgBouncer is restarted",
  impossible: (site) => none(site, "pgbouncer"),
  act: restart(pooler, "pgbouncer.service"),
  limits: restarts,
};

export const pgbouncerRenewed: Drill = {
  name: "pgbouncer-renewed",
  title: "PgBouncer's machine is made anew",
  impossible: (site) => none(site, "pgbouncer"),
  act: renew(pooler),
  limits: renewals,
};

export const postgresRestart: Drill = {
  name: "postgres-restart",
  title: "the PostgreSQL primary is restarted",
  impossible: (site) => none(site, "postgres"),
  act: restart(primary, "postgresql@17-main.service"),
  limits: restarts,
};

export const postgresRenewed: Drill = {
  name: "postgres-renewed",
  title: "the machine of the PostgreSQL primary is made anew over its disk",
  impossible: (site) => none(site, "postgres"),
  act: renew(primary),
  limits: renewals,
};

function restart(find: (site: Site) => Promise<Host>, unit: string): Drill["act"] {
  return async (scene) => {
    const { name } = await find(scene.site);
    await scene.strike(() => scene.site.on(name, `systemctl restart ${unit}`));
    return { findings: [{ said: `${unit} was back after ${scene.seconds} s` }] };
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
