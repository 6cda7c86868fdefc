// The state that the tiers of one site share: `site.shared.sidekiqGroups`. Only the file named with a field reads and writes it.
// State that several parts of one host share is a `Part` of its program (`lib/core/program.ts`).

import type { Construct } from "constructs";
import type { Host } from "../core/host";
import type { Connections } from "./connections";
import type { Etcd } from "./etcd";
import type { ExternalPostgres } from "./external-postgres";
import type { ExternalRedis } from "./external-redis";
import type { ImageKind } from "./images";
import type { PgBouncer } from "./pgbouncer";
import type { SidekiqProcesses } from "./queues";
import type { UsedPool } from "./pools-used";
import type { MadeSecret, SecretName } from "./secrets";

/** Actions that are done once for a site, by the first tier that needs them. */
type Once = "check of queues" | "check of images" | "all secrets" | "sums of connections" | "warning of a new version";

export class Shared {
  /** The Sidekiq groups and their queues (`queues.ts`). */
  readonly sidekiqGroups: SidekiqProcesses[] = [];
  /** The secrets that tiers use (`secrets.ts`). */
  readonly secrets = new Map<SecretName, MadeSecret>();
  /** The database servers whose connections are counted (`connections.ts`). */
  readonly databaseServers: Connections[] = [];
  /** The same for external servers, each of which may serve several sites (`external-postgres.ts`, `external-pgbouncer.ts`). */
  readonly externalServers = new Map<object, readonly Connections[]>();
  /** The external PostgreSQL and Redis that hosts of the site reach (`external-postgres.ts`, `external-redis.ts`). */
  readonly external = new Set<ExternalPostgres | ExternalRedis>();
  /** The pooler on the loopback of each host that has one there (`pgbouncer.ts`). */
  readonly loopbackPoolers = new Map<Host, PgBouncer>();
  /** The clusters of etcd (`etcd.ts`). */
  readonly etcds: Etcd[] = [];
  /** Which of the two images the site's processes run (`images.ts`). */
  readonly images = new Set<ImageKind>();
  /** The Redis servers that hold jobs, by their paths, with what stands before their keys (`REDIS_NAMESPACE`, or nothing). */
  readonly jobs = new Map<string, string>();
  /** The pools whose number of machines follows how much of them is used, which is measured (`pools-used.ts`). */
  readonly usedPools: UsedPool[] = [];
  /**
   * The monitoring of the site, if it has one. `Monitoring` sets it, and it may be the last line of the page: read it at synth only
   * (`monitoring/monitored.ts`).
   */
  monitoring: (Construct & { readonly readsExternal?: boolean }) | undefined;
  /** The construct whose path names each group of settings in messages, and their parent under `""` (`process-env.ts`). */
  readonly settings = new Map<string, Construct>();
  private readonly done = new Set<Once>();

  /** Runs `action` at the first call only. */
  once(what: Once, action: () => void): void {
    if (this.done.has(what)) return;
    this.done.add(what);
    action();
  }
}
