// Pages with every tier, over every sensible mix of what they are given: `pageOf({ ...MIXES[0]!, machines: 3 })`.

import { App, TerraformStack } from "cdktf";
import { Etcd, PgBouncer, Postgres, Redis, SidekiqGroup, Site, StreamingPool, WebTier } from "../../lib";
import { Env } from "../../lib/core/env";
import { readableText } from "../../lib/core/render/terraform-text";
import { MastodonVersion, Queue } from "../../lib/mastodon/version";
import { FakeCloud, FakeCloudOptions } from "../../lib/testing";

export interface Mix {
  readonly version: string;
  readonly database: "pooler" | "straight";
  readonly replica: boolean;
  readonly sentinels: boolean;
  readonly cache: boolean;
  readonly jobs: boolean;
  readonly streaming: "pool" | "beside" | "none";
}

const DATA: { readonly [Name in keyof Mix]: readonly Mix[Name][] } = {
  version: [],
  database: ["pooler", "straight"],
  replica: [true, false],
  sentinels: [true, false],
  cache: [true, false],
  jobs: [true, false],
  streaming: ["pool", "beside", "none"],
};

/** Everything with the versions that differ most. */
export const MIXES: readonly Mix[] = [
  ...cross<Mix>({ ...DATA, version: ["4.1.22", "4.2.20"] }),
  ...cross<Mix>({ ...DATA, version: ["4.3.23", "4.7.6"] }),
  ...cross<Mix>({ ...DATA, version: ["4.1.0", "4.2.0", "4.3.0"], sentinels: [false], cache: [true], jobs: [true] }),
  ...cross<Mix>({ ...DATA, version: ["4.4.22", "4.5.15", "4.6.5", "4.8.0"], sentinels: [true], cache: [true], jobs: [true] }),
];

/** So many of them that every two choices that are together in some mix are together in one of these. */
export const PAIRS: readonly Mix[] = MIXES.filter(hasNewPair());

/** Pools, replicas, sentinels and everything else that there is. */
export const WHOLE: Mix = {
  version: "4.7.6",
  database: "pooler",
  replica: true,
  sentinels: true,
  cache: true,
  jobs: true,
  streaming: "pool",
};

export type Tier = "streaming" | "web" | "everything" | "scheduler" | "more";

export interface Variation extends FakeCloudOptions {
  /** In which order the tiers stand on the page; streaming stands before web, which is told of it. */
  readonly order?: readonly Tier[];
  /** One more machine for a tier. */
  readonly grown?: Tier;
}

const QUEUES: Readonly<Partial<Record<Queue, number>>> = { default: 8, push: 6, ingress: 4, mailers: 2, pull: 1, fasp: 1 };

export function pageOf(mix: Mix, { order, grown, ...options }: Variation = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud(options);
  const site = new Site(stack, "Social", { cloud, domain: "social.example", version: mix.version });
  const postgres = new Postgres(site, "Database", { replicas: mix.replica ? 1 : 0 });
  const replicas = mix.sentinels ? 2 : 0;
  const redis = new Redis(site, "Redis", { replicas });
  if (mix.replica) new Etcd(site, "Etcd", mix.sentinels ? { on: redis } : {});
  const data = {
    database: mix.database === "pooler" ? new PgBouncer(site, "Pool", { database: postgres }) : postgres,
    redis,
    cache: mix.cache ? new Redis(site, "Cache", { use: "cache" }) : undefined,
    jobs: mix.jobs ? new Redis(site, "Jobs", { use: "sidekiq", on: redis, replicas }) : undefined,
  };
  const machines = (tier: Tier) => (grown === tier ? 2 : 1);
  const known = MastodonVersion.of(mix.version).queues;
  const queues = Object.fromEntries(Object.entries(QUEUES).filter(([queue]) => known.includes(queue as Queue)));
  let live: StreamingPool | undefined;
  let web: WebTier | undefined;
  let sidekiq: SidekiqGroup | undefined;
  let scheduler: SidekiqGroup | undefined;
  const make: Readonly<Record<Tier, () => void>> = {
    streaming: () => {
      if (mix.streaming !== "pool") return;
      live = new StreamingPool(site, "Streaming", { machines: machines("streaming"), processes: 2, ...data });
    },
    web: () => {
      const streaming = mix.streaming === "beside" ? { processes: 2 } : live;
      web = new WebTier(site, "Web", { machines: machines("web"), streaming, ...data });
    },
    everything: () => {
      sidekiq = new SidekiqGroup(site, "Everything", { machines: machines("everything"), threads: 10, queues, ...data });
    },
    scheduler: () => {
      scheduler = new SidekiqGroup(site, "Scheduler", { threads: 5, queues: ["scheduler"], ...data });
    },
    more: () => void new SidekiqGroup(site, "Mails", { queues: ["mailers"], threads: 5, ...data }),
  };
  for (const tier of order ?? (["streaming", "web", "everything", "scheduler"] as const)) make[tier]();
  return { stack, cloud, site, live, web: web!, sidekiq: sidekiq!, scheduler: scheduler! };
}

/** The variables of a process as a reviewer reads them. */
export function readable(env: Env): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env.all).map(([name, value]) => [name, readableText(value)]));
}

function cross<T extends object>(choices: { readonly [Name in keyof T]: readonly T[Name][] }): readonly T[] {
  return Object.entries(choices).reduce<readonly object[]>(
    (mixes, [name, values]) => mixes.flatMap((mix) => (values as readonly unknown[]).map((value) => ({ ...mix, [name]: value }))),
    [{}],
  ) as readonly T[];
}

/** Whether a mix has two choices together that no mix before it had. */
function hasNewPair(): (mix: Mix) => boolean {
  const seen = new Set<string>();
  return (mix) => {
    const before = seen.size;
    const choices = Object.entries(mix).map(([name, value]) => `${name}: ${value}`);
    choices.forEach((one, n) => choices.slice(n + 1).forEach((other) => seen.add(`${one}, ${other}`)));
    return seen.size > before;
  };
}
