// The PostgreSQL and Redis that the page does not run on its machines, as far as monitoring reads them: `externalServers(site)`. Called at synth, when
// the whole page is known.

import { Facts } from "../../core/inventory";
import { Database } from "../database";
import { ExternalPgBouncer } from "../external-pgbouncer";
import { ExternalPostgres } from "../external-postgres";
import { ExternalRedis } from "../external-redis";
import { RedisUse } from "../redis-facts";
import { Site } from "../site";

export type External = ExternalDatabase | ExternalCache;

interface Common {
  /** The label `instance` of its series: its name at the cloud, or its host. */
  readonly name: string;
}

export interface ExternalDatabase extends Common {
  readonly what: "postgres";
  /** The label `tier` of its series: the name of its primary. */
  readonly tier: string;
  readonly replica: boolean;
  /** The maximum of connections from the page to it; `undefined` if a pooler that the page does not run has some besides, as the same role. */
  readonly maxConnections: number | undefined;
}

export interface ExternalCache extends Common {
  readonly what: "redis";
  readonly use: RedisUse;
  /** What stands before Sidekiq's keys (`REDIS_NAMESPACE`), if it holds jobs. */
  readonly namespace: string | undefined;
}

export interface ExternalServers {
  readonly postgres: readonly { readonly server: ExternalPostgres; readonly all: readonly ExternalDatabase[] }[];
  readonly redis: readonly { readonly server: ExternalRedis; readonly one: ExternalCache }[];
}

/** What the inventory calls the exporter of an external server, a unit of a monitoring machine; its facts are `factsOf`. */
export const EXPORTER_UNIT = "exporter";

/** What programs that read the inventory know of the server. */
export function factsOf(server: External): Facts {
  return server.what === "postgres"
    ? {
        of: server.what,
        server: server.name,
        primary: server.tier,
        ...(server.maxConnections !== undefined && { maxConnections: server.maxConnections }),
      }
    : { of: server.what, server: server.name, use: server.use };
}

/** What external Redis hold, also those whose address only sentinels know. */
export function usesElsewhere(site: Site): readonly RedisUse[] {
  return [...site.shared.external].flatMap((one) => (one instanceof ExternalRedis ? [one.use] : []));
}

/** By name, so that the order of the page makes no difference. A Redis whose address only sentinels know is not among them, and none if the page says so. */
export function externalServers(site: Site): ExternalServers {
  if (site.shared.monitoring?.readsExternal === false) return { postgres: [], redis: [] };
  const all = [...site.shared.external];
  const redis = all.filter((one) => one instanceof ExternalRedis).filter(({ moves }) => !moves);
  const named = new Names();
  const poolers = [...site.shared.externalServers.keys()].filter((one) => one instanceof ExternalPgBouncer);
  const pooled = new Set<Database>(poolers.map(({ direct }) => direct));
  const jobs: RedisUse = usesElsewhere(site).includes("sidekiq") ? "sidekiq" : "main";
  return {
    postgres: sorted(
      all.filter((one) => one instanceof ExternalPostgres),
      ({ names }) => names[0],
    ).map((server) => {
      const names = server.names.map((name) => named.of("postgres", name ?? "postgres"));
      const maxConnections = pooled.has(server) ? undefined : server.maxConnections;
      return {
        server,
        all: names.map((name, n) => ({ what: "postgres", name, tier: names[0]!, replica: n > 0, maxConnections })),
      };
    }),
    redis: sorted(redis, ({ use, name }) => `${use} ${name}`).map((server) => {
      const { use, path } = server;
      const namespace = use === jobs ? site.shared.jobs.get(path) : undefined;
      return { server, one: { what: "redis", name: named.of(`redis ${use}`, server.name ?? `redis-${use}`), use, namespace } };
    }),
  };
}

/** Those of one kind with the same name, as on one host, are told apart by a number. */
class Names {
  private readonly taken = new Set<string>();

  of(kind: string, name: string): string {
    let free = name;
    for (let n = 2; this.taken.has(`${kind} ${free}`); n += 1) free = `${name}-${n}`;
    this.taken.add(`${kind} ${free}`);
    return free;
  }
}

function sorted<Of>(all: readonly Of[], by: (one: Of) => string | undefined): readonly Of[] {
  return [...all].sort((a, b) => ((by(a) ?? "") < (by(b) ?? "") ? -1 : 1));
}
