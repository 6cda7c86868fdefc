// Whom machines call outside the site, for clouds that let out nothing else.

import { App, TerraformStack } from "cdktf";
import { ldap, mail, Postgres, Redis, search, Secret, SidekiqGroup, Site, StreamingPool, WebTier } from "../../lib";
import { FakeCloud } from "../../lib/testing";

function calls() {
  const cloud = new FakeCloud();
  const stack = new TerraformStack(new App(), "stack");
  const password = new Secret(stack, "ldap_password", { length: 32, description: "A probe." });
  const site = new Site(stack, "Social", {
    cloud,
    domain: "social.example",
    version: "4.7.6",
    settings: [
      mail({ server: "smtp.example", port: 2525, from: "a@social.example" }),
      search({ host: "search.example" }),
      ldap({ host: "ldap.example", base: "dc=example", bindDn: "cn=m", password }),
    ],
  });
  const data = { database: new Postgres(site, "Database"), redis: new Redis(site, "Redis") };
  const streaming = new StreamingPool(site, "Streaming", { processes: 1, ...data });
  new WebTier(site, "Web", { processes: 1, streaming, ...data });
  const queues = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"] as const;
  new SidekiqGroup(site, "Jobs", { threads: 5, queues, ...data });
  return Object.fromEntries(
    [...cloud.machines, ...cloud.pools].map((host) => [
      host.name,
      host.calls().map(({ to, port, protocol = "tcp" }) => `${to.kind}: ${to.name} ${protocol} ${port}`),
    ]),
  );
}

const EVERYONE = [
  "anywhere: name servers udp 53",
  "anywhere: name servers tcp 53",
  "anywhere: time servers udp 123",
  "anywhere: mirrors of Debian tcp 80",
];
const MASTODON = [
  ...EVERYONE,
  "anywhere: ghcr.io tcp 443",
  "external: search.example tcp 9200",
  "external: ldap.example tcp 636",
  "anywhere: other servers tcp 80",
  "anywhere: other servers tcp 443",
];

test("each machine says whom it calls: servers of settings by name and port, and only from the processes that read them", () => {
  const { web, jobs, ...others } = calls();
  expect(others).toEqual({
    "database-1": EVERYONE,
    "redis-1": EVERYONE,
    streaming: [...EVERYONE, "anywhere: ghcr.io tcp 443"],
  });
  const smtp = "external: smtp.example tcp 2525";
  expect([...web!].sort()).toEqual([...MASTODON, smtp].sort());
  expect([...jobs!].sort()).toEqual([...MASTODON, smtp].sort());
});
