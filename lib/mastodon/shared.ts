// All that the tiers of one site share, in one place: `site.shared.sidekiqGroups`. Each field belongs to the file named with it, which alone
// reads and writes it. What several parts of one host share is a `Part` of its program (`lib/core/program.ts`).

import type { Construct } from "constructs";
import type { Host } from "../core/host";
import type { Connections } from "./connections";
import type { ImageKind } from "./images";
import type { PgBouncer } from "./pgbouncer";
import type { SidekiqProcesses } from "./queues";
import type { MadeSecret, SecretName } from "./secrets";

/** What is done once for a site, by whichever tier comes first. */
type Once = "check of queues" | "check of images" | "all secrets" | "sums of connections" | "warning of a new version";

export class Shared {
  /** Who works off which queue (`queues.ts`). */
  readonly sidekiqGroups: SidekiqProcesses[] = [];
  /** The secrets that tiers have asked for (`secrets.ts`). */
  readonly secrets = new Map<SecretName, MadeSecret>();
  /** The database servers whose connections are counted (`connections.ts`). */
  readonly databaseServers: Connections[] = [];
  /** The same for servers outside the page, each of which may serve several sites (`external-postgres.ts`, `external-pgbouncer.ts`). */
  readonly externalServers = new Map<object, readonly Connections[]>();
  /** The pooler on the loopback of each host that has one there (`pgbouncer.ts`). */
  readonly loopbackPoolers = new Map<Host, PgBouncer>();
  /** Which of the two images its processes run (`images.ts`). */
  readonly images = new Set<ImageKind>();
  /** What stands for each group of settings in messages, and for all of them under `""` (`process-env.ts`). */
  readonly settings = new Map<string, Construct>();
  private readonly done = new Set<Once>();

  /** Runs `action` for the first that asks. */
  once(what: Once, action: () => void): void {
    if (this.done.has(what)) return;
    this.done.add(what);
    action();
  }
}
