// The PostgreSQL primary loses power, is cut off, or stands still: another one takes over by itself, and the old one comes back as a standby.

import { Drill, Finding, pause, Scene, UNDISTURBED } from "./drill";
import { Host } from "./hosts";
import { alone, primary, standbys } from "./parts";
import { Agreed, agreed, follows, wroteAgain } from "./patroni";
import { RowWriter, writeRows } from "./row-writers";
import { anotherAfter, bothAcknowledged, lostOf, Row, secondsOf } from "./rows";
import { Watch, watchPrimaries } from "./watch";

const BEFORE_SECONDS = 2;
/** How much longer than allowed another primary is waited for. */
const LATE_SECONDS = 30;
/** How long the new one serves before the old one comes back, and how long that is watched. */
const ALONE_SECONDS = 5;
const WATCHED_SECONDS = 10;
/** Longer than the lease. */
const FROZEN_SECONDS = 30;
/** Until the loop of a Patroni that goes on finds that its lease is over. */
const GIVES_WAY_SECONDS = 2;

// What another lease means for them is only known on the page.
const limits = UNDISTURBED;

export const postgresPower: Drill = {
  name: "postgres-power",
  title: "the PostgreSQL primary loses power, and gets it back once another is primary",
  impossible: alone,
  act: async (scene) => {
    const { old, deal, writer, watch } = await prepared(scene);
    scene.load.burst(20);
    await scene.strike(() => scene.kill(old.name));
    await takenOver(scene, writer, old, deal);
    await pause(ALONE_SECONDS);
    await scene.start(old.name);
    watch.again(old);
    const back = await follows(scene, old);
    await pause(WATCHED_SECONDS);
    return { findings: [await wroteAgain(scene, writer, old, deal), back, await watch.end()], limits: deal.limits };
  },
  breaksQueries: true,
  movesPrimary: true,
  limits,
};

export const postgresCut: Drill = {
  name: "postgres-cut",
  title: "the PostgreSQL primary is cut off from all machines, until another is primary",
  impossible: alone,
  act: async (scene) => {
    const { old, deal, writer, watch } = await prepared(scene);
    const inside = await writeRows(scene, { inside: old });
    await pause(BEFORE_SECONDS);
    await scene.strike(() => scene.cut(old.name));
    await takenOver(scene, writer, old, deal);
    await pause(ALONE_SECONDS);
    await scene.mend(old.name);
    const back = await follows(scene, old);
    const findings = [await wroteAgain(scene, writer, old, deal), await stopped(scene, writer, inside, old, deal)];
    return { findings: [...findings, back, await watch.end()], limits: deal.limits };
  },
  breaksQueries: true,
  movesPrimary: true,
  limits,
};

export const postgresFrozen: Drill = {
  name: "postgres-frozen",
  title: "the PostgreSQL primary's whole machine stands still for longer than its lease, and goes on",
  impossible: alone,
  act: async (scene) => {
    const { old, deal, writer, watch } = await prepared(scene);
    const [standby] = await standbys(scene.site);
    const straight = await writeRows(scene, { straight: old, from: standby! });
    await pause(BEFORE_SECONDS);
    await scene.strike(() => scene.freeze(old.name));
    await pause(Math.max(FROZEN_SECONDS, deal.ttlSeconds + 10));
    const thawedMs = Date.now();
    await scene.thaw(old.name);
    const back = await follows(scene, old);
    await pause(WATCHED_SECONDS);
    const both = await neverBoth(scene, writer, straight, { old, deal, thawedMs });
    return { findings: [await wroteAgain(scene, writer, old, deal), both, back, await watch.end()], limits: deal.limits };
  },
  breaksQueries: true,
  movesPrimary: true,
  limits,
};

interface Prepared {
  readonly old: Host;
  readonly deal: Agreed;
  /** As Mastodon writes. */
  readonly writer: RowWriter;
  readonly watch: Watch;
}

export async function prepared(scene: Scene): Promise<Prepared> {
  const { site } = scene;
  const old = await primary(site);
  const deal = await agreed(scene, old);
  const writer = await writeRows(scene, { through: "pooler" });
  const watch = watchPrimaries(scene, await site.with("postgres"));
  await pause(BEFORE_SECONDS);
  return { old, deal, writer, watch };
}

/** Until another primary has acknowledged a row. */
export function takenOver(scene: Scene, writer: RowWriter, old: Host, deal: Agreed): Promise<boolean> {
  const taken = () => anotherAfter(writer.rows(), scene.actMs, old.address) !== undefined;
  return scene.until(taken, deal.limitSeconds + LATE_SECONDS);
}

/** An old primary that nobody can reach has to stop before another one begins. */
async function stopped(scene: Scene, writer: RowWriter, inside: RowWriter, old: Host, deal: Agreed): Promise<Finding> {
  const [outer, inner] = [await writer.end(), await inside.end()];
  const lastMs = Math.max(scene.actMs, ...inner.filter(({ yes }) => yes).map(({ atMs }) => atMs));
  const lastSeconds = secondsOf(lastMs - scene.actMs);
  const gone = lostOf(inner, await inside.there()).length;
  const { count, seconds } = bothAcknowledged([...outer, ...inner], [old.address, "local"]);
  const both =
    count === 0 ? "never did two primaries acknowledge at the same time" : `for ${seconds} s two primaries acknowledged`;
  return {
    said: `cut off, it acknowledged rows of its own machine for ${lastSeconds} s, and ${gone} of them were thrown away; ${both}`,
    bad: written(inner, scene.actMs) === 0 || count > 0 || (deal.synchronous && gone > 0),
    numbers: { "old primary's last row, s": lastSeconds, "rows thrown away": gone, "both acknowledged, s": seconds },
  };
}

/**
 * Whoever goes through HAProxy is led to one primary only. A session straight at the old one has a statement there that is done when the machine goes
 * on, before any program can know how long it stood still: only a synchronous cluster does not acknowledge it.
 */
async function neverBoth(
  scene: Scene,
  writer: RowWriter,
  straight: RowWriter,
  { old, deal, thawedMs }: { readonly old: Host; readonly deal: Agreed; readonly thawedMs: number },
): Promise<Finding> {
  const own = await straight.end();
  // A writer that was refused from the beginning would have seen nothing.
  const before = written(own, scene.actMs);
  const through = bothAcknowledged(writer.rows(), [old.address]).count;
  const late = own.filter(({ by, atMs }) => by === old.address && atMs >= thawedMs);
  const seconds = late.length === 0 ? 0 : secondsOf(late.at(-1)!.atMs - thawedMs);
  const most = GIVES_WAY_SECONDS + (scene.options.slackSeconds ?? 0);
  return {
    said: `through the pooler ${through} rows were acknowledged by the old primary after the new one had begun; after it went on, it acknowledged ${late.length} to a session straight at it, which had written ${before} before, the last after ${seconds} s`,
    bad: before === 0 || through > 0 || seconds > most || (deal.synchronous && late.length > 0),
    numbers: { "rows of the old primary, through the pooler": through, "rows of the old primary, straight": late.length },
  };
}

function written(rows: readonly Row[], beforeMs: number): number {
  return rows.filter(({ yes, atMs }) => yes && atMs < beforeMs).length;
}
