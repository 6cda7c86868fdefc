// A page with all kinds of hosts, monitored or not: `page().hosts["redis-1"]`. And the files of steps as a machine gets them.

import { App, TerraformStack } from "cdktf";
import { Etcd, PgBouncer, Postgres, Redis, SidekiqGroup, Site, SiteProps, StreamingPool, WebTier } from "../../lib";
import { Host } from "../../lib/core/host";
import { Step, textOf } from "../../lib/core/program";
import { readableText } from "../../lib/core/render/terraform-text";
import { FakeCloud } from "../../lib/testing";

export interface Monitored extends Partial<Pick<SiteProps, "version" | "settings" | "extraEnv">> {
  readonly monitored?: boolean;
  /** Whether jobs have a Redis of their own. */
  readonly jobs?: boolean;
  readonly processes?: number;
}

export function page({ monitored = true, jobs: own = true, processes = 2, ...props }: Monitored = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6", ...props });
  const redis = new Redis(site, "Redis", { replicas: 2 });
  const jobs = own ? new Redis(site, "Jobs", { use: "sidekiq", on: redis }) : undefined;
  const quorum = new Etcd(site, "Quorum", { on: redis });
  const postgres = new Postgres(site, "Database", { replicas: 1, quorum });
  const database = new PgBouncer(site, "Pool", { database: postgres });
  const data = { database, redis, jobs };
  const live = new StreamingPool(site, "Streaming", { processes: 2, ...data });
  new WebTier(site, "Web", { streaming: live, ...data });
  const queues = ["default", "push", "ingress", "mailers", "pull", "scheduler"] as const;
  const newer = site.version >= "4.4" ? (["fasp"] as const) : [];
  new SidekiqGroup(site, "Workers", { queues: [...queues, ...newer], processes, ...data });
  // In the last line, as a page may have it.
  if (monitored) site.shared.monitoring = site;
  const hosts = site.node.findAll().filter((node): node is Host => node instanceof Host);
  return { site, hosts: Object.fromEntries(hosts.map((host) => [host.name, host])) };
}

/** What is done, in order: files with their paths and texts, scripts, and units that are started. */
export function done(steps: readonly Step[]): readonly (readonly string[])[] {
  return steps.map((step) => {
    switch (step.kind) {
      case "file":
        return [`${step.path} ${step.mode ?? "0644"}`, ...readableText(textOf(step.content)).split("\n").slice(0, -1)];
      case "run":
        return ["run", ...textOf(step.script).split("\n").slice(0, -1)];
      case "start":
        return ["start", ...step.units];
      case "package":
        return ["package", ...step.names];
      default:
        return [step.kind];
    }
  });
}

/** The lines that a host's boot text has more on a monitored site, and those that it has less, besides the exporters. */
export function differing(
  host: string,
  props: Monitored = {},
): { readonly more: readonly string[]; readonly less: readonly string[] } {
  const lines = (monitored: boolean) => readableText(page({ ...props, monitored }).hosts[host]!.bootText()).split("\n");
  const [without, withIt] = [lines(false), lines(true)];
  const left = (from: readonly string[], other: readonly string[]) => {
    const rest = [...other];
    return from.flatMap((line) => {
      const at = rest.indexOf(line);
      if (at === -1) return [line.trim()];
      rest.splice(at, 1);
      return [];
    });
  };
  return { more: left(withIt, without), less: left(without, withIt) };
}
