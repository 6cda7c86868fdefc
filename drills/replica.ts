// A PostgreSQL standby loses power, lags, or is down so long that its slot would fill the primary's disk. Reads must work all the time.

import { Drill, Finding, pause, Scene, UNDISTURBED } from "./drill";
import { alone, parts, primary, psql, standbys } from "./parts";
import { Site } from "./site";

const FALLBACK_SECONDS = 10;
const AWAY_SECONDS = 15;
/** What makes a standby answer no reads, with its checks and a margin. */
const LAG_SECONDS = 10 + 15;
const BACK_SECONDS = 120;
const KEPT_MIB = 32;
const WRITTEN_MIB = 4 * KEPT_MIB;

export const replicaPower: Drill = {
  name: "replica-power",
  title: `a standby loses power for ${AWAY_SECONDS} s`,
  impossible: alone,
  act: async (scene) => {
    const [standby] = await standbys(scene.site);
    await scene.strike(() => scene.kill(standby!.name));
    await pause(AWAY_SECONDS);
    const meanwhile = await readsFrom(scene.site);
    await scene.start(standby!.name);
    return { findings: [{ said: `reads came from ${meanwhile} meanwhile` }, await returns(scene)] };
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
    const resume = async () => {
      for (const host of all) await psql(site, host, "select pg_wal_replay_resume()");
    };
    scene.later(resume);
    // After another drill the pooler's sessions return within a minute.
    if (!(await scene.until(async () => (await readsFrom(site)) === "a standby", LAG_SECONDS + 60)))
      return { findings: [{ said: "reads did not come from a standby to begin with", bad: true }] };
    await scene.strike(async () => {
      for (const host of all) await psql(site, host, "select pg_wal_replay_pause()");
    });
    const fell = await scene.until(async () => (await readsFrom(site)) === "the primary", LAG_SECONDS);
    const seconds = scene.seconds;
    await resume();
    const finding: Finding = fell
      ? { said: `reads went to the primary ${seconds} s after the standbys had stopped` }
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
    const usual = await psql(site, first, "show max_slot_wal_keep_size");
    const set = async (words: string) => {
      await psql(site, first, words);
      await psql(site, first, "select pg_reload_conf()");
    };
    scene.later(() => set("alter system reset max_slot_wal_keep_size"));
    await set(`alter system set max_slot_wal_keep_size = '${KEPT_MIB}MB'`);
    await scene.strike(() => scene.kill(standby!.name));
    const before = await walMib(site);
    const written = "select count(pg_logical_emit_message(false, 'drill', repeat('x', 1000000))) from generate_series(1, 16)";
    for (let mib = 0; mib < WRITTEN_MIB; mib += 16) await psql(site, first, written);
    await psql(site, first, "checkpoint");
    const slot = standby!.name.replaceAll("-", "_");
    const status = await psql(site, first, `select wal_status from pg_replication_slots where slot_name = '${slot}'`);
    const after = await walMib(site);
    await set("alter system reset max_slot_wal_keep_size");
    await scene.start(standby!.name);
    return {
      findings: [
        {
          said: `the slot was ${status || "gone"}, and the log took ${before} MiB before and ${after} MiB after; usually ${usual} are kept`,
          bad: status !== "lost",
        },
        await returns(scene),
      ],
    };
  },
  limits: { ...UNDISTURBED, failuresWithinSeconds: FALLBACK_SECONDS, withoutPostSeconds: FALLBACK_SECONDS },
};

async function walMib(site: Site): Promise<number> {
  return Number(
    await psql(site, await primary(site), "select sum(size) / 1048576 from pg_ls_waldir()").then((mib) =>
      parseFloat(mib).toFixed(0),
    ),
  );
}

/** Until every standby answers reads again. */
async function returns(scene: Scene): Promise<Finding> {
  const from = scene.seconds;
  const back = await scene.until(async () => {
    const all = await parts(scene.site);
    return all.length === (await scene.site.with("postgres")).length && all.every(({ serves, reads }) => serves || reads);
  }, BACK_SECONDS);
  const seconds = (scene.seconds - from).toFixed(1);
  return back
    ? { said: `it answered reads again after ${seconds} s` }
    : { said: `it answered no reads ${BACK_SECONDS} s later`, bad: true };
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
