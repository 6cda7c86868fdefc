// What Terraform computes, where a page would have to know it.

import { App, TerraformStack, TerraformVariable } from "cdktf";
import { cas, Postgres, Redis, s3Objects, Secret, SidekiqGroup, Site } from "../../lib";
import { ObjectStore } from "../../lib/core/objects";
import { FakeCloud } from "../../lib/testing";

function problemsOf(make: (computed: string) => { readonly objects?: ObjectStore; readonly url?: string }): string {
  const stack = new TerraformStack(new App(), "stack");
  const { objects, url } = make(new TerraformVariable(stack, "computed", { type: "string" }).stringValue);
  const site = new Site(stack, "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version: "4.7.6",
    objects,
    settings: url === undefined ? [] : [cas({ url })],
  });
  const password = new Secret(stack, "password", { length: 32, description: "A probe." });
  new SidekiqGroup(site, "Jobs", {
    threads: 5,
    queues: ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"],
    database: Postgres.external({ host: "db.example.net", name: "mastodon", user: "mastodon", password }),
    redis: Redis.external({ host: "redis.example.net", password }),
  });
  return site.problems.all().join("\n");
}

test("a store's endpoint needs the host that browsers ask beside it", () => {
  const store = (more: object) => (endpoint: string) => ({
    objects: s3Objects({ keys: { id: "key", secret: "secret" }, bucket: "media", endpoint, ...more }),
  });
  expect(problemsOf(store({}))).toContain("endpoint of objects is unknown at synth");
  expect(problemsOf(store({ hostname: "store.example" }))).not.toContain("endpoint of objects");
  expect(problemsOf(store({ aliasHost: "files.example" }))).not.toContain("endpoint of objects");
});

test("an address of CAS has to stand on the page, since Mastodon wants its parts", () => {
  expect(problemsOf((url) => ({ url }))).toContain("url is unknown at synth");
  expect(problemsOf(() => ({ url: "https://cas.example" }))).not.toContain("url is");
  for (const url of ["https://u@cas.example", "https://cas.example/#", "https://cas.example?"])
    expect(problemsOf(() => ({ url }))).toContain("url is ");
});
