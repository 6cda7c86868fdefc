// The inventory: what a page says of itself, exactly. What Terraform's state has of it is asked in releases.test.ts.

import { App, TerraformStack, Testing } from "cdktf";
import { Construct } from "constructs";
import { Etcd, Mastodon, PgBouncer, Postgres, Redis, SidekiqGroup, Size, StreamingPool, WebTier } from "../../lib";
import { hetzner, hetznerDns } from "../../lib/clouds/hetzner";
import { local } from "../../lib/clouds/local";
import { Cloud } from "../../lib/core/cloud";
import { Inventory } from "../../lib/core/inventory";
import { Machine } from "../../lib/core/machine";
import { Secret } from "../../lib/core/secret";
import { Site } from "../../lib/mastodon/site";
import { renewal } from "../../lib/core/site-inventory";
import { FAKE_CLOUDS, FakeCloud } from "../../lib/testing";
import { mail } from "../../lib/mastodon/settings/mail";
import { s3Objects } from "../../lib/mastodon/s3-objects";
import { pageProblems } from "../page-problems";

const size = Size.of({ cpus: 1, gib: 1 });

const QUEUES = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"];

function siteOn(cloud: Cloud): Site {
  return new Site(new TerraformStack(new App(), "stack"), "Social", {
    cloud,
    domain: "social.example",
    version: "4.7.6",
    queuesElsewhere: QUEUES,
  });
}

/** The value of the output, without the hashes that cdktf puts behind names. */
function inventoryOf(site: Site): Inventory {
  const plan = JSON.parse(Testing.synth(TerraformStack.of(site), true)) as {
    readonly output: { readonly social_inventory: { readonly value: Inventory; readonly sensitive: boolean } };
  };
  const { value, sensitive } = plan.output.social_inventory;
  expect(sensitive).toBe(true);
  return JSON.parse(JSON.stringify(value).replaceAll(/_[0-9A-F]{8}\b/g, "")) as Inventory;
}

class Cellar extends Construct {
  constructor(site: Site, id: string) {
    super(site, id);
    site.inventory.tier(this, { kind: "Cellar", why: "keeps ${wine}" });
    const range = site.range(this, "own", "cellar", 3);
    const machine = new Machine(this, "1", { name: "cellar-1", role: "own", range, number: 1, size });
    machine.runs(this, {
      unit: "wine.service",
      what: "wine",
      facts: { port: 1855, label: "%{no} template", kinds: ["${red}", "white"] },
    });
  }
}

test("a machine of one's own: what the page says, what the tier says, and what the cloud says", () => {
  const site = siteOn(local());
  new Cellar(site, "Cellar");
  expect(inventoryOf(site)).toEqual({
    format: 1,
    site: "social",
    path: "stack/Social",
    host: "social.example",
    facts: { domain: "social.example", version: "4.7.6" },
    cloud: "local",
    network: "10.20.0.0/16",
    tiers: [{ path: "stack/Social/Cellar", id: "Cellar", kind: "Cellar", why: "keeps $${wine}", hosts: ["cellar-1"] }],
    machines: [
      {
        name: "cellar-1",
        path: "stack/Social/Cellar/1",
        tier: "stack/Social/Cellar",
        role: "own",
        cpus: 1,
        gib: 1,
        units: [
          {
            unit: "wine.service",
            what: "wine",
            tier: "stack/Social/Cellar",
            facts: { port: 1855, label: "%%{no} template", kinds: ["$${red}", "white"] },
          },
        ],
        number: 1,
        zone: 0,
        address: "10.20.193.138",
        disks: [],
        onChange: "keep",
        resource: "terraform_data.Social_Cellar_1_Machine",
        renew: "terraform_data.Social_Cellar_1_Machine",
        login: "npx cdktf-mastodon local run social cellar-1 --",
        older: "${terraform_data.Social_Cellar_1_Machine.output.boot != local.Social_Cellar_1_MachineBootHash}",
        renewAfter: [],
      },
    ],
    pools: [],
    renewal: ["cellar-1"],
  });
});

const HETZNER = {
  location: "fsn1",
  ssh: { keys: ["me"], from: ["203.0.113.0/24"] },
  dns: hetznerDns({ zone: "social.example" }),
} as const;
const OBJECTS = s3Objects({
  keys: { id: "key", secret: "secret" },
  bucket: "files",
  region: "fsn1",
  endpoint: "https://fsn1.example",
  hostname: "fsn1.example",
});

test("at Hetzner: addresses are asked of Terraform, and one logs in by ssh where keys and ranges are given", () => {
  const of = (ssh: boolean) => {
    const { ssh: keys, ...rest } = HETZNER;
    const stack = new TerraformStack(new App(), "stack");
    const cloud = hetzner(ssh ? { ...rest, ssh: keys } : rest);
    const site = new Site(stack, "Social", {
      cloud,
      domain: "social.example",
      version: "4.7.6",
      objects: OBJECTS,
      queuesElsewhere: QUEUES,
    });
    const database = new Postgres(site, "Database", {});
    const data = {
      database,
      redis: new Redis(site, "Redis"),
      cache: new Redis(site, "Cache", { use: "cache" }),
      jobs: new Redis(site, "Jobs", { use: "sidekiq" }),
    };
    new WebTier(site, "Web", { machines: 2, processes: 1, size, ...data });
    return inventoryOf(site);
  };
  const reached = {
    resource: "hcloud_server.Social_Web_Hosts_Pool",
    renew: "terraform_data.Social_Web_Hosts_PoolRenewal",
  };
  const member = (n: number) => ({
    name: `\${hcloud_server.Social_Web_Hosts_Pool[${n}].name}`,
    address: `\${one(hcloud_server.Social_Web_Hosts_Pool[${n}].network[*].ip)}`,
    resource: `hcloud_server.Social_Web_Hosts_Pool[${n}]`,
  });
  const login = (server: string) => ({ login: `ssh root@\${coalesce(${server}.ipv4_address, ${server}.ipv6_address)}` });
  const web = {
    name: "web",
    path: "stack/Social/Web/Hosts",
    tier: "stack/Social/Web",
    role: "web",
    cpus: 1,
    gib: 1,
    units: [
      { unit: "mastodon-web.service", what: "web", tier: "stack/Social/Web", facts: { port: 3000, processes: 1, threads: 5 } },
    ],
    size: 2,
    roll: "start-first",
    ...reached,
  };
  const closed = of(false);
  expect(closed.pools).toEqual([{ ...web, members: [member(0), member(1)] }]);
  const open = of(true);
  const logins = [0, 1].map((n) => ({ ...member(n), ...login(`hcloud_server.Social_Web_Hosts_Pool[${n}]`) }));
  expect(open.pools).toEqual([{ ...web, members: logins }]);
  const server = "hcloud_server.Social_Database_1_Machine";
  const database = {
    resource: server,
    renew: server,
    older: `\${lookup(${server}.labels, "boot", "") != local.Social_Database_1_MachineBootHash}`,
    renewAfter: [],
  };
  const [first] = open.machines.filter(({ name }) => name === "database-1");
  expect(first).toEqual({ ...closed.machines.find(({ name }) => name === "database-1"), ...login(server) });
  expect(first).toMatchObject(database);
});

test("every kind of tier says what it runs, and each unit is one that its hosts are given", () => {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6" });
  const db = new Postgres(site, "Database", { replicas: 1 });
  const database = new PgBouncer(site, "Pool", { database: db });
  const redis = new Redis(site, "Redis", { replicas: 2 });
  new Etcd(site, "Etcd", { on: redis });
  const cache = new Redis(site, "Cache", { use: "cache", on: redis });
  const jobs = new Redis(site, "Jobs", { use: "sidekiq", on: redis, replicas: 2 });
  const data = { database, redis, cache, jobs };
  const streaming = new StreamingPool(site, "Streaming", { machines: 1, processes: 2, ...data });
  new WebTier(site, "Web", { machines: 2, processes: 2, streaming, ...data });
  const other = { default: 1, mailers: 1, push: 1, ingress: 1, pull: 1, fasp: 1 };
  new SidekiqGroup(site, "Work", { queues: other, processes: 2, threads: 9, ...data });
  new SidekiqGroup(site, "Scheduler", { queues: ["scheduler"], threads: 5, ...data });
  const found = inventoryOf(site);
  const tier = (id: string, kind: string, why: string, ...hosts: readonly string[]) => ({
    path: `stack/Social/${id}`,
    id,
    kind,
    why,
    hosts,
  });
  expect(found.tiers).toEqual([
    tier("Cache", "Redis", "spares the database what was asked a moment ago"),
    tier("Database", "Postgres", "keeps all that people write, and copies of it that can take over", "database-1", "database-2"),
    tier("Etcd", "Etcd", "decides which PostgreSQL is primary"),
    tier("Jobs", "Redis", "keeps the jobs that wait"),
    tier("Pool", "PgBouncer", "many database connections over few", "pool-1"),
    tier("Redis", "Redis", "keeps timelines, and carries what streaming tells", "redis-1", "redis-2", "redis-3"),
    tier("Scheduler", "SidekiqGroup", "works off scheduler, and prepares the database", "scheduler"),
    tier("Streaming", "StreamingPool", "tells browsers and apps at streaming.social.example what is new", "streaming"),
    tier("Web", "WebTier", "answers browsers, apps and other servers at social.example", "web"),
    tier("Work", "SidekiqGroup", "works off default, mailers, push, ingress, pull, fasp", "work"),
  ]);
  const hosts = [...found.machines, ...found.pools];
  const units = (name: string) =>
    hosts
      .find((host) => host.name === name)!
      .units.map(({ unit, what, tier, facts }) => ({ unit, what, tier: tier.split("/").at(-1), ...facts }));
  const sentinels = ["redis-1", "redis-2", "redis-3"];
  const instance = (name: string, use: string, port: number, first: boolean, watched: readonly string[]) => {
    const tier = { redis: "Redis", cache: "Cache", jobs: "Jobs" }[name];
    return { unit: `redis-server@${name}.service`, what: "redis", tier, use, port, name, first, sentinels: watched };
  };
  const main = (first: boolean) => instance("redis", "main", 6379, first, sentinels);
  const queue = (first: boolean) => instance("jobs", "sidekiq", 6381, first, sentinels);
  const cacheAlone = instance("cache", "cache", 6380, true, []);
  const sentinel = { unit: "redis-sentinel.service", what: "sentinel", tier: "Redis", port: 26379 };
  const member = (first: boolean) => ({ unit: "etcd.service", what: "etcd", tier: "Etcd", port: 2379, first });
  expect(Object.fromEntries(hosts.map(({ name }) => [name, units(name)]))).toEqual({
    "database-1": [{ unit: "patroni.service", what: "postgres", tier: "Database", port: 5432, first: true }],
    "database-2": [{ unit: "patroni.service", what: "postgres", tier: "Database", port: 5432, first: false }],
    "pool-1": [
      { unit: "pgbouncer.service", what: "pgbouncer", tier: "Pool", port: 6432, serverConnections: 50, maxClients: 5000 },
    ],
    "redis-1": [main(true), sentinel, member(true), cacheAlone, queue(true)],
    "redis-2": [main(false), sentinel, member(false), queue(false)],
    "redis-3": [main(false), sentinel, member(false), queue(false)],
    streaming: [
      { unit: "mastodon-streaming@4000.service", what: "streaming", tier: "Streaming", port: 4000 },
      { unit: "mastodon-streaming@4001.service", what: "streaming", tier: "Streaming", port: 4001 },
    ],
    web: [
      {
        unit: "mastodon-web.service",
        what: "web",
        tier: "Web",
        port: 3000,
        processes: 2,
        threads: 5,
        streaming: "wss://streaming.social.example",
      },
    ],
    work: [1, 2].map((n) => ({
      unit: `mastodon-sidekiq@${n}.service`,
      what: "sidekiq",
      tier: "Work",
      queues: Object.keys(other),
      threads: 9,
      scheduler: false,
    })),
    scheduler: [
      {
        unit: "mastodon-sidekiq@1.service",
        what: "sidekiq",
        tier: "Scheduler",
        queues: ["scheduler"],
        threads: 5,
        scheduler: true,
      },
    ],
  });
  const texts = new Map(
    [...site.node.findAll()].flatMap((node) =>
      "bootText" in node ? [[(node as Machine).name, (node as Machine).bootText()]] : [],
    ),
  );
  for (const { name, units } of hosts)
    for (const { unit } of units) expect(texts.get(name)).toContain(unit.replace(/\.service$/, ""));
  // As docs/local.md has it: of a Redis its replicas first; then those that ask etcd, which is there: standbys, the primary, the pooler.
  expect(found.renewal).toEqual(["redis-2", "redis-3", "redis-1", "database-2", "database-1", "pool-1"]);
  expect(found.release).toEqual({ version: "4.7.6", image: "ghcr.io/mastodon/mastodon:v4.7.6" });
  expect(found.frontDoor).toEqual({
    routes: [
      { host: "social.example", pool: "web", port: 80, path: "/health" },
      { host: "streaming.social.example", pool: "streaming", port: 80, path: "/api/v1/streaming/health" },
    ],
  });
});

test("poolers on each machine, and streaming beside Puma, are units there", () => {
  const site = siteOn(new FakeCloud());
  const database = new PgBouncer(site, "Pool", { database: new Postgres(site, "Database"), on: "each" });
  const data = {
    database,
    redis: new Redis(site, "Redis"),
    cache: new Redis(site, "Cache", { use: "cache" }),
    jobs: new Redis(site, "Jobs", { use: "sidekiq" }),
  };
  new WebTier(site, "Web", { processes: 1, streaming: { processes: 1 }, ...data });
  const found = inventoryOf(site);
  expect(found.tiers.find(({ id }) => id === "Pool")).toEqual({
    path: "stack/Social/Pool",
    id: "Pool",
    kind: "PgBouncer",
    why: "many database connections over few, on each machine that calls it",
    hosts: [],
  });
  expect(found.pools.map(({ units }) => units.map(({ unit, tier }) => `${unit} of ${tier}`))).toEqual([
    [
      "pgbouncer.service of stack/Social/Pool",
      "mastodon-web.service of stack/Social/Web",
      "mastodon-streaming@4000.service of stack/Social/Web",
    ],
  ]);
});

test("machines are renewed behind those that they name, and a circle is told", () => {
  const one = (name: string, ...renewAfter: readonly string[]) => ({ name, renewAfter });
  expect(renewal([one("a", "c"), one("b"), one("c", "b", "gone")])).toEqual(["b", "c", "a"]);
  expect(() => renewal([one("a", "b"), one("b", "a"), one("c")])).toThrow("a, b: each is to be renewed after another of them");
});

test("a secret in what a tier says is refused, since the output is printed to whoever asks", () => {
  const site = siteOn(new FakeCloud());
  const tier = new Construct(site, "Cellar");
  const range = site.range(tier, "own", "cellar");
  const machine = new Machine(tier, "1", { name: "cellar-1", role: "own", range, number: 1, size });
  const key = new Secret(site, "cellar_key", { length: 8, description: "the key" });
  machine.runs(tier, { unit: "wine.service", what: "wine", facts: { key: `${key}` } });
  expect(pageProblems(() => Testing.synth(TerraformStack.of(site), true))).toEqual([
    "stack/Social/Cellar/1: what it says of wine.service for the inventory holds the secret cellar_key / leave it out: the inventory is printed, and read by other programs",
  ]);
});

/** Where a value comes from, through local values: every variable that it could show. */
function variablesIn(
  plan: { readonly locals?: Readonly<Record<string, unknown>> },
  value: unknown,
  seen = new Set<string>(),
): readonly string[] {
  const text = JSON.stringify(value);
  const names = [...text.matchAll(/\blocal\.([\w-]+)/g)].map((match) => match[1]!).filter((name) => !seen.has(name));
  names.forEach((name) => seen.add(name));
  // A hash tells nothing of what it was made of.
  const open = names.filter((name) => !/BootHash/.test(name));
  return [...text.matchAll(/\bvar\.[\w-]+/g)]
    .map(([name]) => name)
    .concat(open.flatMap((name) => variablesIn(plan, plan.locals![name], seen)));
}

test.each([
  ["local", () => local()],
  ["Hetzner", () => hetzner(HETZNER)],
  ["fake, chosen", () => new FakeCloud(FAKE_CLOUDS.chosen)],
  ["fake, computed", () => new FakeCloud(FAKE_CLOUDS.computed)],
] as const)(
  "the inventory of a whole server on the cloud %s comes from no variable, of which all secrets are made",
  (_, cloud) => {
    const stack = new TerraformStack(new App(), "stack");
    const settings = [mail({ server: "smtp.example", port: 587, from: "m@social.example" })];
    new Mastodon(stack, "Social", { cloud: cloud(), domain: "social.example", objects: OBJECTS, settings });
    const plan = JSON.parse(Testing.synth(stack, true));
    expect(Object.keys(plan.variable)).toContain("database_password");
    expect(variablesIn(plan, plan.output.social_inventory.value)).toEqual([]);
  },
);
