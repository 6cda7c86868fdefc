// The PostgreSQL primary is killed, restarted, switched over by hand, and its machine made anew. A writer of rows measures how long nobody can write.

import { DATA, PATRONI_CONF } from "../lib/mastodon/programs/postgres-names";
import { Drill, Finding, pause, Scene, UNDISTURBED } from "./drill";
import { Host } from "./hosts";
import { alone, hasPatroni, parts, primary, unitOf } from "./parts";
import { agreed, follows } from "./patroni";
import { RowWriter, writeRows } from "./row-writers";
import { longestGap, lostOf, refusals, secondsOf } from "./rows";
import { Site } from "./site";

const KILLS = 5;
const CRASH_SECONDS = 15;
const BETWEEN_SECONDS = 5;
/** Whoever acknowledges a row later than this was started after the kill: Patroni looks each few seconds, systemd waits as long. */
const DYING_MS = 500;
const RESTART_SECONDS = 10;
const SWITCHOVER_SECONDS = 5;
const RENEWAL_SECONDS = 90;
const FOUND_SECONDS = 60;
const BEFORE_SECONDS = 2;
const AFTER_SECONDS = 10;
/** Posts come less often than rows. */
const POST_SECONDS = 2;

export const postgresKilled: Drill = {
  name: "postgres-killed",
  title: `the primary's PostgreSQL is killed with -9, ${KILLS} times`,
  impossible: none,
  act: async (scene) => {
    const { site } = scene;
    const first = await primary(site);
    const synchronous = hasPatroni(first) && (await agreed(scene, first)).synchronous;
    const writer = await writing(scene);
    const seconds: (number | undefined)[] = [];
    const killed = new Set<string>();
    for (let n = 1; n <= KILLS && !seconds.includes(undefined); n++) {
      const host = n === 1 ? first : await found(scene);
      killed.add(host.name);
      scene.say(`${host.name}: PostgreSQL is killed, ${n} of ${KILLS}`);
      const kill = () => site.on(host.name, `kill -9 "$(head -n 1 ${DATA}/postmaster.pid)"`);
      await (n === 1 ? scene.strike(kill) : kill());
      const killedMs = Date.now();
      const again = () => writer.rows().find(({ yes, atMs }) => yes && atMs > killedMs + DYING_MS);
      await scene.until(() => again() !== undefined, CRASH_SECONDS * 3);
      const row = again();
      seconds.push(row === undefined ? undefined : secondsOf(row.atMs - killedMs));
      await pause(BETWEEN_SECONDS);
    }
    killed.add((await found(scene)).name);
    // In its own place it comes back with all that it has acknowledged.
    const mayLose = killed.size > 1 && !synchronous;
    const findings = [wentOn(scene, seconds), await kept(writer, mayLose)];
    return { findings, limits: { postsLost: mayLose ? Infinity : 0 } };
  },
  breaksQueries: true,
  movesPrimary: true,
  limits: {
    ...UNDISTURBED,
    failuresWithinSeconds: KILLS * (CRASH_SECONDS + BETWEEN_SECONDS),
    withoutPostSeconds: CRASH_SECONDS,
  },
};

export const postgresRestart: Drill = {
  name: "postgres-restart",
  title: "the PostgreSQL primary is restarted",
  impossible: none,
  act: async (scene) => {
    const host = await primary(scene.site);
    const writer = await writing(scene);
    await scene.strike(() => restart(scene.site, host));
    const seconds = scene.seconds;
    await pause(AFTER_SECONDS);
    const took = { said: `PostgreSQL was back after ${seconds} s`, numbers: { "restart, s": seconds } };
    return { findings: [took, ...(await withoutWrites(scene, writer, RESTART_SECONDS))] };
  },
  breaksQueries: true,
  limits: { ...UNDISTURBED, failuresWithinSeconds: RESTART_SECONDS, withoutPostSeconds: RESTART_SECONDS + 5 },
};

export const postgresSwitchover: Drill = {
  name: "postgres-switchover",
  title: "`patronictl switchover` makes a standby the primary",
  impossible: alone,
  act: async (scene) => {
    const old = await primary(scene.site);
    const writer = await writing(scene);
    const said = await scene.strike(() => scene.site.on(old.name, "patronictl switchover --force"));
    scene.say(said.split("\n").find((line) => line.includes("witched over")) ?? said.trim());
    const other = (await found(scene)).name;
    const back = await follows(scene, old);
    await pause(AFTER_SECONDS);
    const moved = { said: `${other} was primary then`, bad: other === old.name };
    return { findings: [moved, ...(await withoutWrites(scene, writer, SWITCHOVER_SECONDS, "from the gap on")), back] };
  },
  breaksQueries: true,
  movesPrimary: true,
  limits: {
    ...UNDISTURBED,
    failuresWithinSeconds: SWITCHOVER_SECONDS,
    withoutPostSeconds: SWITCHOVER_SECONDS + POST_SECONDS,
  },
};

export const postgresRenewed: Drill = {
  name: "postgres-renewed",
  title: "the machine of the PostgreSQL primary is made anew over its disk",
  impossible: none,
  act: async (scene) => {
    const host = await primary(scene.site);
    const deal = hasPatroni(host) ? await agreed(scene, host) : undefined;
    const writer = await writing(scene);
    await scene.strike(() => scene.page.renew(host.name));
    const seconds = scene.seconds;
    const back = deal === undefined ? [] : [await follows(scene, host)];
    await pause(AFTER_SECONDS);
    const made = { said: `${host.name} was made anew in ${seconds} s`, numbers: { "made anew, s": seconds } };
    const gap = await withoutWrites(scene, writer, deal?.limitSeconds ?? RENEWAL_SECONDS, "from the gap on");
    // A machine that is stopped in order hands over first.
    return { findings: [made, ...gap, ...back], limits: { ...deal?.limits, postsLost: 0 } };
  },
  breaksQueries: true,
  movesPrimary: true,
  limits: { ...UNDISTURBED, failuresWithinSeconds: RENEWAL_SECONDS, withoutPostSeconds: RENEWAL_SECONDS },
};

async function writing(scene: Scene): Promise<RowWriter> {
  const writer = await writeRows(scene, { through: "pooler" });
  await pause(BEFORE_SECONDS);
  return writer;
}

/** PostgreSQL alone: Patroni, if there is one, goes on. */
async function restart(site: Site, host: Host): Promise<void> {
  const scope = `"$(sed -n 's/^scope: *//p' ${PATRONI_CONF})"`;
  await site.on(
    host.name,
    hasPatroni(host) ? `patronictl restart ${scope} ${host.name} --force` : `systemctl restart ${unitOf(host)}`,
  );
}

/** The machine that is primary, once one is. */
async function found(scene: Scene): Promise<Host> {
  let host: Host | undefined;
  await scene.until(async () => {
    host = (await parts(scene.site)).find(({ serves }) => serves)?.host;
    return host !== undefined;
  }, FOUND_SECONDS);
  if (host === undefined) throw new Error(`no PostgreSQL of the site is primary after ${FOUND_SECONDS} s`);
  return host;
}

/**
 * The longest time without an acknowledged row; none may be lost. What users see is counted from the act on, or from the beginning of that gap if a
 * command does other things first.
 */
async function withoutWrites(
  scene: Scene,
  writer: RowWriter,
  limitSeconds: number,
  counted: "from the act on" | "from the gap on" = "from the act on",
): Promise<readonly Finding[]> {
  const most = limitSeconds + (scene.options.slackSeconds ?? 0);
  const rows = await writer.end();
  const gap = longestGap(rows, scene.actMs);
  const why = refusals(rows.filter(({ atMs }) => atMs >= scene.actMs)).join(", ");
  if (gap !== undefined && counted === "from the gap on") scene.actMs = gap.fromMs;
  const longest: Finding =
    gap === undefined
      ? { said: `nobody could write again${why === "" ? "" : ` (${why})`}`, bad: true }
      : {
          said: `nobody could write for ${gap.seconds} s, at most ${most} s are allowed${why === "" ? "" : ` (${why})`}`,
          bad: gap.seconds > most,
          numbers: { "without writes, s": gap.seconds },
        };
  return [longest, await kept(writer, false)];
}

async function kept(writer: RowWriter, mayLose: boolean): Promise<Finding> {
  const rows = await writer.end();
  const lost = lostOf(rows, await writer.there()).length;
  const said = `${lost} of ${rows.filter(({ yes }) => yes).length} rows that were acknowledged are lost`;
  return { said, bad: lost > 0 && !mayLose, numbers: { "rows lost": lost } };
}

function wentOn({ options }: Scene, seconds: readonly (number | undefined)[]): Finding {
  const most = CRASH_SECONDS + (options.slackSeconds ?? 0);
  const known = seconds.filter((one) => one !== undefined);
  return {
    said: `writes went on after ${seconds.map((one) => (one === undefined ? "never" : `${one} s`)).join(", ")}; at most ${most} s are allowed`,
    bad: known.length < KILLS || known.some((one) => one > most),
    ...(known.length > 0 && { numbers: { "writes went on, s": Math.max(...known) } }),
  };
}

async function none(site: Site): Promise<string | undefined> {
  return (await site.with("postgres")).length > 0 ? undefined : "the page has none of its own";
}
