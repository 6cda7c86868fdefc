// The PostgreSQL primary is cut off from some machines and not from others: from those that decide who is primary, or from those that write.

import { Drill, Finding, named, pause, Scene, UNDISTURBED } from "./drill";
import { prepared, takenOver } from "./failover";
import { Host } from "./hosts";
import { alone } from "./parts";
import { follows, wroteAgain } from "./patroni";
import { bothAcknowledged, lostOf } from "./rows";
import { Site } from "./site";
import { RowWriter } from "./row-writers";

const ALONE_SECONDS = 5;
/** Longer than the lease. */
const CUT_SECONDS = 30;
const SAID_SECONDS = 20;
const BACK_SECONDS = 15;

export const postgresCutFromQuorum: Drill = {
  name: "postgres-cut-from-quorum",
  title: "the PostgreSQL primary is cut off from etcd and the standbys, but not from the pooler, until another is primary",
  impossible: async (site) => (await alone(site)) ?? (await votes(site)),
  act: async (scene) => {
    const { site } = scene;
    const { old, deal, writer, watch } = await prepared(scene);
    const others = [...(await site.with("etcd")), ...(await site.with("postgres"))].filter(({ name }) => name !== old.name);
    await scene.strike(() => scene.cut(old.name, ...new Set(named(others))));
    await takenOver(scene, writer, old, deal);
    await pause(ALONE_SECONDS);
    await scene.mend(old.name);
    const back = await follows(scene, old);
    const again = await wroteAgain(scene, writer, old, deal);
    return { findings: [again, neverBoth(writer, old), back, await watch.end()], limits: deal.limits };
  },
  breaksQueries: true,
  movesPrimary: true,
  // What another lease means for them is only known on the page.
  limits: UNDISTURBED,
};

export const postgresCutFromPooler: Drill = {
  name: "postgres-cut-from-pooler",
  title: `the PostgreSQL primary is cut off from the pooler alone, for ${CUT_SECONDS} s`,
  impossible: async (site) =>
    (await alone(site)) ?? ((await site.with("pgbouncer")).length > 0 ? undefined : "the page has no pooler of its own"),
  act: async (scene) => {
    const { old, writer, watch } = await prepared(scene);
    const poolers = await scene.site.with("pgbouncer");
    await scene.strike(() => scene.cut(old.name, ...named(poolers)));
    const said = await saysSo(scene, poolers[0]!, old);
    await pause(Math.max(0, CUT_SECONDS - scene.seconds));
    await scene.mend(old.name);
    await scene.until(() => writer.rows().at(-1)?.yes === true, BACK_SECONDS);
    const rows = await writer.end();
    const lost = lostOf(rows, await writer.there()).length;
    const kept = { said: `${lost} rows that were acknowledged are lost`, bad: lost > 0, numbers: { "rows lost": lost } };
    return { findings: [said, kept, await watch.end()] };
  },
  breaksQueries: true,
  limits: { ...UNDISTURBED, failuresWithinSeconds: CUT_SECONDS + BACK_SECONDS, withoutPostSeconds: CUT_SECONDS + BACK_SECONDS },
};

/** The pooler's machine has to name the primary, and the command that makes another one. */
async function saysSo(scene: Scene, { name }: Host, old: Host): Promise<Finding> {
  let said = "";
  const names = () => said.includes(`${old.name} is primary`) && said.includes("patronictl switchover");
  const told = await scene.until(async () => {
    said = (await scene.site.on(name, "/usr/local/sbin/ready 2>&1 || true")).trim();
    return names();
  }, SAID_SECONDS);
  const seconds = scene.seconds;
  return {
    said: `${name}'s \`ready\` said after ${seconds} s: ${said || "nothing"}`,
    bad: !told,
    ...(told && { numbers: { "`ready` told the cut, s": seconds } }),
  };
}

function neverBoth(writer: RowWriter, old: Host): Finding {
  const { count, seconds } = bothAcknowledged(writer.rows(), [old.address]);
  return {
    said:
      count === 0
        ? "the old primary acknowledged nothing after the new one had begun"
        : `the old primary acknowledged ${count} rows after the new one had begun, for ${seconds} s`,
    bad: count > 0,
    numbers: { "both acknowledged, s": seconds },
  };
}

/** Who is a member of etcd and a pooler cannot be cut off as the one and not as the other. */
async function votes(site: Site): Promise<string | undefined> {
  const both = (await site.with("pgbouncer")).filter(({ roles }) => roles.has("etcd"));
  return both.length === 0 ? undefined : `${named(both).join(", ")} is a pooler and a member of etcd`;
}
