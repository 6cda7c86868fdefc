// The inventory of a page on the local cloud, as the real Terraform writes it into its state and says it to drills and commands. The snapshot is
// what the tests in hosts.test.ts read. Nothing is made: the driver's commands are left out of the plan.

import { App, TerraformStack, Testing } from "cdktf";
import { Etcd, PgBouncer, Postgres, Redis, SidekiqGroup, Site, StreamingPool, WebTier } from "../../lib";
import { deployedIn } from "../../lib/bin/deployed";
import { local } from "../../lib/clouds/local";
import { makeSecrets } from "../../lib/mastodon/secrets";
import { Terraform } from "../terraform";

/** Every kind of tier; accounts belong to another domain than the web's. */
function page(): string {
  const stack = new TerraformStack(new App(), "local");
  const site = new Site(stack, "Social", {
    cloud: local(),
    domain: "social.example",
    webDomain: "www.social.example",
    version: "4.7.6",
  });
  const database = new PgBouncer(site, "Pool", { database: new Postgres(site, "Database", { replicas: 1 }) });
  const redis = new Redis(site, "Redis", { replicas: 2 });
  new Etcd(site, "Etcd", { on: redis });
  const cache = new Redis(site, "Cache", { use: "cache", on: redis });
  const jobs = new Redis(site, "Jobs", { use: "sidekiq", on: redis, replicas: 1 });
  const data = { database, redis, cache, jobs };
  const live = new StreamingPool(site, "Streaming", { machines: 1, processes: 2, ...data });
  new WebTier(site, "Web", { machines: 2, processes: 2, streaming: live, ...data });
  new SidekiqGroup(site, "Work", {
    queues: { default: 4, push: 2, ingress: 2, pull: 1, mailers: 1, fasp: 1 },
    processes: 2,
    threads: 9,
    ...data,
  });
  new SidekiqGroup(site, "Scheduler", { queues: ["scheduler"], threads: 5, ...data });
  return Testing.synth(stack, true);
}

test("the state says of a page on the local cloud what runs where", () => {
  const plan = JSON.parse(page()) as { readonly resource: { readonly terraform_data: Record<string, Record<string, unknown>> } };
  for (const resource of Object.values(plan.resource.terraform_data)) delete resource["provisioner"];
  const terraform = new Terraform(JSON.stringify(plan));
  try {
    const { status, lines } = terraform.apply(makeSecrets());
    expect({ status, lines }).toMatchObject({ status: 0 });
    const stdout = terraform.run("output", "-json").lines;
    const [inventory, ...others] = deployedIn(terraform.directory, { status: 0, stdout, stderr: "" });
    expect(others).toEqual([]);
    // Members are called after their boot text, which holds secrets of this run; the logins have their names once more.
    const text = JSON.stringify(inventory, null, 2).replaceAll(/-(\d)-[0-9a-f]{6}\b/g, "-$1-a1b2c3");
    expect(text).toMatchSnapshot("inventory");
  } finally {
    terraform.remove();
  }
}, 300_000);
