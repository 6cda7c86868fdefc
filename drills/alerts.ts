// Whether the monitoring of the site tells of a failure: the cause's alert fires while the failure lasts, and nothing fires afterwards.

import { Drill, Finding, Scene } from "./drill";
import { Site } from "./site";

/** An alert that people would hear of. */
export interface Firing {
  readonly name: string;
  readonly severity: string;
  /** On which machine, pool or queue. */
  readonly where: string;
}

/**
 * For each drill the alerts of its cause, any of which is enough. Drills that are not here have no cause that a person must hear of: the failure is
 * over within seconds, or it is no failure.
 */
export const CAUSES: Readonly<Record<string, readonly string[]>> = {
  "sentinel-power": ["MachineDown"],
  "postgres-and-quorum-lost": ["MachineDown"],
  "redis-main-power": ["MachineDown"],
  "redis-sidekiq-power": ["MachineDown"],
  "redis-cache-power": ["MachineDown"],
  "redis-partition": ["MachineDown"],
  "redis-away": ["MachineDown", "RedisNoMaster"],
  "web-power": ["PoolMembersMissing"],
  "web-hang": ["PoolMembersMissing"],
  "streaming-power": ["PoolEmpty"],
  "sidekiq-power": ["PoolEmpty"],
  "postgres-power": ["MachineDown"],
  "postgres-cut": ["MachineDown"],
  "postgres-cut-from-pooler": ["WebErrors", "PgBouncerWaits"],
  "postgres-frozen": ["MachineDown"],
  "postgres-away": ["MachineDown", "PostgresNoPrimary"],
  "etcd-lost": ["EtcdNoLeader", "EtcdMemberMissing"],
  "replica-power": ["MachineDown"],
  "replica-lags": ["PostgresLag"],
  "postgres-disk-full": ["DiskAlmostFull"],
  "redis-disk-full": ["DiskAlmostFull"],
};

/** They count what happened in the last half hour, also in the drills before. */
const OF_THE_PAST = ["EtcdLeaderChanges"];
/** Of a minute before an alert fires, of two scrapes, two evaluations, and the time until a silent machine is given up. */
const FIRES_WITHIN_SECONDS = 150;
const QUIET_WITHIN_SECONDS = 420;
const QUESTION = "curl -fsS -m 5 http://127.0.0.1:9090/api/v1/alerts";

/** Why the site cannot be asked, if it cannot. */
export async function unwatched(site: Site): Promise<string | undefined> {
  return (await watcher(site)) === undefined ? "the page has no Monitoring, so nobody is told" : undefined;
}

async function watcher(site: Site): Promise<string | undefined> {
  return (await site.hosts()).find(({ units }) => units.some(({ what }) => what === "prometheus"))?.name;
}

/**
 * The alerts that fire now, without the one that always does, and without those that tell of the last half hour or longer, as those of objectives do.
 */
export async function firing(site: Site): Promise<readonly Firing[]> {
  const name = (await watcher(site))!;
  const { data } = JSON.parse(await site.on(name, QUESTION)) as {
    readonly data: { readonly alerts: readonly { readonly state: string; readonly labels: Readonly<Record<string, string>> }[] };
  };
  return data.alerts
    .filter(({ state, labels }) => state === "firing" && labels["severity"] !== "none" && labels["slo"] === undefined)
    .filter(({ labels }) => !OF_THE_PAST.includes(labels["alertname"]!))
    .map(({ labels }) => ({
      name: labels["alertname"]!,
      severity: labels["severity"] ?? "",
      where: labels["instance"] ?? labels["pool"] ?? labels["queue"] ?? labels["tier"] ?? "",
    }));
}

const words = (all: readonly Firing[]) =>
  [...new Set(all.map(({ name, where }) => `${name}${where === "" ? "" : ` ${where}`}`))].join(", ");

/** Watches one drill. */
export class Listener {
  private firedAfter: number | undefined;
  private listened = false;
  private readonly seen = new Map<string, Firing>();

  private constructor(
    private readonly scene: Scene,
    private readonly wanted: readonly string[],
  ) {}

  /** Begins once nothing fires any more. */
  static async of(drill: Drill, scene: Scene): Promise<Listener> {
    const quiet = await scene.until(async () => (await firing(scene.site)).length === 0, QUIET_WITHIN_SECONDS);
    if (!quiet) throw new Error(`before the drill there are alerts: ${words(await firing(scene.site))}`);
    return new Listener(scene, CAUSES[drill.name] ?? []);
  }

  /** Called before anything is repaired: waits until the cause's alert fires, or has had the time to. */
  async heard(): Promise<void> {
    if (this.wanted.length === 0 || this.listened) return;
    this.listened = true;
    await this.scene.until(async () => {
      const now = await firing(this.scene.site);
      for (const alert of now) this.seen.set(words([alert]), alert);
      if (!now.some(({ name }) => this.wanted.includes(name))) return false;
      this.firedAfter = this.scene.seconds;
      return true;
    }, FIRES_WITHIN_SECONDS);
  }

  /** Once the site is well again: until nothing fires. */
  async findings(): Promise<readonly Finding[]> {
    const from = Date.now();
    const quiet = await this.scene.until(async () => {
      const now = await firing(this.scene.site);
      for (const alert of now) this.seen.set(words([alert]), alert);
      return now.length === 0;
    }, QUIET_WITHIN_SECONDS);
    const seconds = Math.round((Date.now() - from) / 1000);
    const cause =
      this.wanted.length === 0
        ? []
        : [
            this.firedAfter === undefined
              ? { said: `no alert ${this.wanted.join(" or ")} fired within ${FIRES_WITHIN_SECONDS} s`, bad: true }
              : { said: `its alert fired after ${this.firedAfter} s`, numbers: { "alert after, s": this.firedAfter } },
          ];
    return [
      ...cause,
      ...(this.seen.size === 0 ? [] : [{ said: `alerts: ${words([...this.seen.values()])}` }]),
      quiet
        ? { said: `quiet ${seconds} s after it was well` }
        : { said: `after ${QUIET_WITHIN_SECONDS} s there still is: ${words(await firing(this.scene.site))}`, bad: true },
    ];
  }
}
