// A PostgreSQL standby loses power, lags, or is down so long that its slot would fill the primary's disk. Reads must work all the time.

import { Drill, Finding, pause, Scene, UNDISTURBED } from "./drill";
import { DYNAMIC } from "../lib/mastodon/programs/postgres-names";
import { Host } from "./hosts";
import { alone, parts, primary, psql, standbys } from "./parts";
import { agreed } from "./patroni";
import { Site } from "./site";

export const FALLBACK_SECONDS = 10;
const AWAY_SECONDS = 15;
/** What makes a standby answer no reads, with its checks and a margin. */
const LAG_SECONDS = 10 + 15;
const BACK_SECONDS = 120;
/** In a synchronous cluster: until a lost standby is noticed (`wal_sender_timeout`), and Patroni goes on without it. */
const ASYNCHRONOUS_SECONDS = 10 + 2 * 5 + 2;
const KEPT_MIB = 32;
/** What Patroni keeps in any case (`wal_keep_size`, an argument of its server). */
const PATRONI_KEEPS_MIB = 128;
const WRITTEN_MIB = 4 * PATRONI_KEEPS_MIB;
/** Segments are of 16 MiB, and the one that is written counts as well. */
const SEGMENTS_MIB = 2 * 16;
/** Until Patroni has taken other settings, and has given up the slot of a member that is away. */
const TAKEN_SECONDS = 20;
const GIVEN_UP_SECONDS = 60;
/** A standby that lacks log looks for that once a minute, and copies the primary then. */
const COPIED_SECONDS = 60 + 120;

export const WAITING = { failuresWithinSeconds: ASYNCHRONOUS_SECONDS, withoutPostSeconds: ASYNCHRONOUS_SECONDS };

export const replicaPower: Drill = {
  name: "replica-power",
  title: `a standby loses power for ${AWAY_SECONDS} s`,
  impossible: alone,
  act: async (scene) => {
    const [standby] = await standbys(scene.site);
    const { synchronous } = await agreed(scene, await primary(scene.site));
    await scene.strike(() => scene.kill(standby!.name));
    await pause(AWAY_SECONDS);
    const meanwhile = await readsFrom(scene.site);
    await scene.start(standby!.name);
    const findings = [{ said: `reads came from ${meanwhile} meanwhile` }, await returns(scene)];
    return { findings, ...(synchronous && { limits: WAITING }) };
  },
  // A read in hand waits until the standby is given up.
  limits: { ...UNDISTURBED, failuresWithinSeconds: FALLBACK_SECONDS, withoutPostSeconds: FALLBACK_SECONDS },
};

export const replicaLags: Drill = {
  name: "replica-lags",
  title: "every standby stops replaying while the primary goes on",
  impossible: alone,
  act: async (scene) => {
    const { site } = scene;
    const all = await standbys(site);
    // Patroni would end a pause of the replay by itself.
    const signal = async (name: "STOP" | "CONT") => {
      for (const host of all) await site.on(host.name, `pkill -${name} -f '^postgres: .*startup'`);
    };
    const resume = () => signal("CONT");
    scene.later(resume);
    // After another drill the pooler's sessions return within a minute.
    if (!(await scene.until(async () => (await readsFrom(site)) === "a standby", LAG_SECONDS + 60)))
      return { findings: [{ said: "reads did not come from a standby to begin with", bad: true }] };
    await scene.strike(() => signal("STOP"));
    const fell = await scene.until(async () => (await readsFrom(site)) === "the primary", LAG_SECONDS);
    const seconds = scene.seconds;
    await scene.beforeRepair?.();
    await resume();
    const finding: Finding = fell
      ? {
          said: `reads went to the primary ${seconds} s after the standbys had stopped`,
          numbers: { "reads went to the primary, s": seconds },
        }
      : { said: `reads still came from a standby ${LAG_SECONDS} s after it had stopped`, bad: true };
    return { findings: [finding, await returns(scene)] };
  },
  // The sessions of readers are cut; they ask again.
  limits: { ...UNDISTURBED, failuresWithinSeconds: LAG_SECONDS + FALLBACK_SECONDS, withoutPostSeconds: FALLBACK_SECONDS },
};

export const replicaSlot: Drill = {
  name: "replica-slot",
  title: `a standby stays away while the primary writes ${WRITTEN_MIB} MiB, with \`max_slot_wal_keep_size\` lowered to ${KEPT_MIB} MiB for the drill`,
  impossible: alone,
  act: async (scene) => {
    const { site } = scene;
    const first = await primary(site);
    const [standby] = await standbys(site);
    const { synchronous } = await agreed(scene, first);
    const usual = await psql(site, first, "show max_slot_wal_keep_size");
    const reset = () => site.on(first.name, `patronictl edit-config --force --quiet --replace ${DYNAMIC} >/dev/null`);
    scene.later(async () => void (await reset()));
    await site.on(first.name, `patronictl edit-config --force --quiet --pg max_slot_wal_keep_size=${KEPT_MIB}MB >/dev/null`);
    const keeps = async () => (await psql(site, first, "show max_slot_wal_keep_size")) === `${KEPT_MIB}MB`;
    if (!(await scene.until(keeps, TAKEN_SECONDS)))
      return { findings: [{ said: `max_slot_wal_keep_size was not lowered within ${TAKEN_SECONDS} s`, bad: true }] };
    await scene.strike(() => scene.kill(standby!.name));
    const before = await walMib(site, first);
    const written = "select count(pg_logical_emit_message(false, 'drill', repeat('x', 1000000))) from generate_series(1, 16)";
    for (let mib = 0; mib < WRITTEN_MIB; mib += 16) await psql(site, first, written);
    await psql(site, first, "checkpoint");
    const slot = standby!.name.replaceAll("-", "_");
    const state = `select coalesce(wal_status, ''), coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) / 1048576, 0)::int
      from pg_replication_slots where slot_name = '${slot}'`;
    const [status, held] = (await psql(site, first, state)).split("|");
    const after = await walMib(site, first);
    await reset();
    // Nobody could follow by a slot that has lost its log. Patroni makes it anew once the member counts as away.
    const anew = await scene.until(async () => !(await psql(site, first, state)).startsWith("lost"), GIVEN_UP_SECONDS);
    await scene.start(standby!.name);
    return {
      findings: [
        {
          said: `the slot was ${status || "gone"} and held ${held ?? 0} MiB of the log, which took ${before} MiB before and ${after} MiB after; usually ${usual} are held`,
          bad: Number(held ?? 0) > PATRONI_KEEPS_MIB + SEGMENTS_MIB,
          numbers: { "log that the slot held, MiB": Number(held ?? 0) },
        },
        { said: anew ? "the slot was made anew" : `the slot was still lost ${GIVEN_UP_SECONDS} s later`, bad: !anew },
        await returns(scene, COPIED_SECONDS),
      ],
      ...(synchronous && { limits: WAITING }),
    };
  },
  limits: { ...UNDISTURBED, failuresWithinSeconds: FALLBACK_SECONDS, withoutPostSeconds: FALLBACK_SECONDS },
};

async function walMib(site: Site, host: Host): Promise<number> {
  return Math.round(Number(await psql(site, host, "select sum(size) / 1048576 from pg_ls_waldir()")));
}

/** Until every standby is in step again. */
async function returns(scene: Scene, limitSeconds = BACK_SECONDS): Promise<Finding> {
  const from = scene.seconds;
  const back = await scene.until(async () => {
    const all = await parts(scene.site);
    return all.length === (await scene.site.with("postgres")).length && all.every(({ serves, inStep }) => serves || inStep);
  }, limitSeconds);
  const seconds = Math.round((scene.seconds - from) * 10) / 10;
  return back
    ? { said: `every standby was in step again after ${seconds} s`, numbers: { "in step again, s": seconds } }
    : { said: `not every standby was in step ${limitSeconds} s later`, bad: true };
}

const ASK = `
value() { sed -n "s/^REPLICA_DB_$1=//p" /etc/mastodon/web.env; }
export PGPASSWORD=$(value PASS)
psql -XAtq "host=$(value HOST) port=$(value PORT) user=$(value USER) dbname=$(value NAME)" -c 'select pg_is_in_recovery()'`;

/** Who answers a new session for reads, as web opens one. */
async function readsFrom(site: Site): Promise<"the primary" | "a standby"> {
  const said = await site.on((await site.web()).name, ASK);
  return said.trim() === "t" ? "a standby" : "the primary";
}
