// A page with all kinds of processes, what is set by hand, and what became of it: `page({ extraEnv: () => ({ PORT: 3000 }) }).problems`.

import { App, TerraformStack } from "cdktf";
import { ExtraEnv, Postgres, Redis, Secret, Setting, SidekiqGroup, Site, StreamingPool, WebTier } from "../../lib";
import { FakeCloud } from "../../lib/testing";

export interface Page {
  readonly version?: string;
  readonly extraEnv?: (secret: Secret) => ExtraEnv;
  readonly settings?: (secret: Secret) => readonly Setting[];
  readonly web?: ExtraEnv;
  readonly sidekiq?: ExtraEnv;
  readonly streaming?: ExtraEnv;
}

export function page({ version = "4.7.6", extraEnv, settings, ...tiers }: Page) {
  const stack = new TerraformStack(new App(), "stack");
  const password = new Secret(stack, "their_password", { length: 64, description: "Somebody's." });
  const site = new Site(stack, "Social", {
    cloud: new FakeCloud({ mail: settings === undefined }),
    domain: "social.example",
    version,
    settings: settings?.(password) ?? [],
    extraEnv: extraEnv?.(password) ?? {},
  });
  const data = { database: new Postgres(site, "Database"), redis: new Redis(site, "Redis") };
  const live = new StreamingPool(site, "Streaming", { processes: 1, extraEnv: tiers.streaming, ...data });
  const web = new WebTier(site, "Web", { processes: 1, streaming: live, extraEnv: tiers.web, ...data });
  const queues = ["default", "push", "ingress", "mailers", "pull", "scheduler"] as const;
  const group = new SidekiqGroup(site, "All", {
    queues: version < "4.4" ? queues : [...queues, "fasp"],
    extraEnv: tiers.sidekiq,
    ...data,
  });
  return { site, web, live, group, problems: site.problems.all() };
}
