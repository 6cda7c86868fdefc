import { App, TerraformOutput, TerraformProvider, TerraformStack, TerraformVariable } from "cdktf";
import { Construct } from "constructs";
import {
  type Cloud,
  Disk,
  Etcd,
  mail,
  Mastodon,
  PgBouncer,
  Postgres,
  Redis,
  s3Objects,
  Secret,
  SidekiqGroup,
  Site,
  smallest,
  StreamingPool,
  WebTier,
} from "../../lib";
import { aws, route53 } from "../../lib/clouds/aws";
import { digitalocean } from "../../lib/clouds/digitalocean";
import { hetzner } from "../../lib/clouds/hetzner";
import { local } from "../../lib/clouds/local";
import { PageError } from "../../lib/core/problems";
import { differences, FakeCloud, renderPage } from "../../lib/testing";
import { pageOf, WHOLE } from "../mastodon/mixes";

const CLOUDS: readonly (readonly [string, () => Cloud])[] = [
  ["local", () => local()],
  ["hetzner", () => hetzner({ location: "fsn1", ssh: { keys: ["admin"], from: ["203.0.113.0/24"] } })],
  ["digitalocean", () => digitalocean({ region: "fra1", names: { zone: "machines.social.example" }, mailPorts: true })],
  ["aws", () => aws({ region: "eu-central-1", dns: route53({ zone: "social.example" }), mailPort25: true })],
  ["fake", () => new FakeCloud({ addresses: "computed", pools: "group" })],
];

type Tier = (site: Site, data: Data) => Construct;
interface Data {
  readonly database: PgBouncer;
  readonly redis: Redis;
  readonly jobs: Redis;
}
const TIERS: readonly Tier[] = [
  (site, { redis }) => new Etcd(site, "Etcd", { on: redis }),
  (site, data) => new WebTier(site, "Web", { ...data, streaming: { processes: 2 } }),
  (site, data) => new SidekiqGroup(site, "Home", { queues: { default: 8, mailers: 2 }, ...data }),
  (site, data) => new SidekiqGroup(site, "Federated", { queues: { push: 6, ingress: 4, pull: 1, fasp: 1 }, ...data }),
  (site, data) => new SidekiqGroup(site, "Scheduler", { queues: ["scheduler"], ...data }),
  (site, data) => new StreamingPool(site, "Live", { host: "live.social.example", ...data }),
];

/** A site with every tier, the tiers and the settings in the order that is given. */
function page(cloud: Cloud, order: <One>(all: readonly One[]) => readonly One[] = (all) => all): TerraformStack {
  const stack = new TerraformStack(new App(), "stack");
  const secret = (name: string) => new Secret(stack, name, { length: 40, description: name });
  const [id, key, password] = order(["media_id", "media_key", "mail_password"])
    .map(secret)
    .sort((a, b) => (a.name < b.name ? 1 : -1));
  const objects = s3Objects({ bucket: "media", region: "eu-central-1", keys: { id: id!, secret: key! } });
  const settings = [mail({ server: "smtp.example.net", from: "hello@social.example", login: "social", password: password! })];
  const site = new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6", objects, settings });
  const made = new Map<string, Redis | Postgres>();
  const makers = [
    () => made.set("database", new Postgres(site, "Database", { replicas: 1 })),
    () => made.set("redis", new Redis(site, "Redis", { replicas: 2 })),
    () => made.set("jobs", new Redis(site, "Jobs", { use: "sidekiq" })),
  ];
  order(makers).forEach((make) => make());
  const database = new PgBouncer(site, "Pool", { database: made.get("database") as Postgres });
  const data = { database, redis: made.get("redis") as Redis, jobs: made.get("jobs") as Redis };
  order(TIERS).forEach((tier) => tier(site, data));
  return stack;
}
const backwards = <One>(all: readonly One[]) => [...all].reverse();

describe.each(CLOUDS)("on the cloud %s", (_, cloud) => {
  test("the order of the page does not show", () => {
    expect(renderPage(page(cloud(), backwards))).toEqual(renderPage(page(cloud())));
  });

  test("a page is rendered twice alike", () => {
    const stack = page(cloud());
    expect(renderPage(stack)).toEqual(renderPage(stack));
    expect(renderPage(stack.node.findChild("Social") as Site)).toEqual(renderPage(stack));
  });

  test("it holds each host with what Terraform fills in, and no path of this machine", () => {
    const rendered = renderPage(page(cloud()));
    expect(Object.keys(rendered.hosts)).toEqual(
      expect.arrayContaining(["database-1", "database-2", "pool-1", "redis-1", "redis-2", "redis-3", "web", "home", "live"]),
    );
    expect(rendered.hosts["database-1"]).toEqual({ role: "postgres", bootText: expect.stringMatching(/^#cloud-config\n/) });
    const secret = cloud().can.secrets === "store" ? "@secret(database_password)@" : "<secret database_password>";
    expect(rendered.hosts["database-1"]!.bootText).toContain(` DATABASE_PASSWORD=${secret}\n`);
    expect(rendered.flows["social"]).toMatchObject({ "pool-1:6432": expect.arrayContaining(["web: web reads and writes"]) });
    const text = JSON.stringify(rendered);
    expect(text).not.toContain(process.cwd());
    expect(text).not.toContain("TfToken");
    expect(text.match(/"\/[^"]*tfstate|"\/\/"/)).toBeNull();
  });
});

test("a script reads as on its machine", () => {
  const { bootText } = renderPage(page(local())).hosts["database-1"]!;
  expect(bootText).toContain('grep -m 1 "^${PREFIX//./\\\\.}"');
  expect(bootText).not.toMatch(/\$\$\{|%%\{/);
});

test("no secret and no path of this machine stands in it, wherever the page has it from", () => {
  const stack = page(new FakeCloud());
  new TerraformVariable(stack, "token", { type: "string", sensitive: true, default: "k9-by-default" });
  new TerraformOutput(stack, "said", { value: `${process.cwd()}/lib and /home/ada/site/main.ts` });
  new (class extends TerraformProvider {
    constructor() {
      super(stack, "provider", { terraformResourceType: "cloud" });
    }
    protected override synthesizeAttributes() {
      return { token: "k9-of-a-provider", region: "fsn1" };
    }
  })();
  stack.addOverride("terraform.backend.local.path", "/home/somebody/terraform.stack.tfstate");
  jest.spyOn(process, "cwd").mockReturnValue("/home/ada/site");
  const rendered = renderPage(stack);
  jest.restoreAllMocks();
  expect(JSON.stringify(rendered)).not.toMatch(/k9-|\/home\//);
  expect(rendered.plan).toMatchObject({
    variable: { token: { default: "<not shown>" } },
    provider: { cloud: [{ token: "<not shown>", region: "fsn1" }] },
    output: { said: { value: "<cdktf-mastodon>/lib and ./main.ts" } },
    terraform: { backend: { local: { path: "terraform.stack.tfstate" } } },
  });
});

test("two sites in a stack: each host with its site", () => {
  const stack = new TerraformStack(new App(), "stack");
  new Mastodon(stack, "One", { cloud: new FakeCloud(), domain: "one.example" });
  new Mastodon(stack, "Other", { cloud: new FakeCloud(), domain: "other.example", network: "10.21.0.0/16" });
  const { hosts, flows } = renderPage(stack);
  expect(Object.keys(flows)).toEqual(["one", "other"]);
  expect(hosts["other/web"]!.bootText).toContain("<secret other_database_password>");
});

test("a wrong page is refused as at synth", () => {
  const stack = new TerraformStack(new App(), "stack");
  new Site(stack, "Social", { cloud: new FakeCloud(), domain: "nowhere", version: "4.7.6" });
  expect(() => renderPage(stack)).toThrow(PageError);
});

test("differences: one text a role, of the others the lines that differ, each with its file and the line before it", () => {
  const { hosts } = differences(renderPage(page(new FakeCloud())));
  expect(hosts["database-1"]).toMatch(/^#cloud-config\n/);
  const lines = hosts["database-2"]!.trimEnd().split("\n");
  expect(lines.slice(0, 8)).toEqual([
    "as database-1, but",
    "@@ - path: /etc/patroni/config.yml",
    "       scope: database",
    "-      name: database-1",
    "+      name: database-2",
    "           - redis-3:2379",
    "-      bootstrap:",
    "-        dcs:",
  ]);
  expect(lines.slice(-5)).toEqual([
    "-      10.20.30.11 database-2",
    "+      10.20.30.10 database-1",
    "       # A disk may be attached after the first boot began, and a cloud that keeps disks as directories gives a directory.",
    "-      DEVICE='/dev/disk/by-id/fake-database-1-data'",
    "+      DEVICE='/dev/disk/by-id/fake-database-2-data'",
  ]);
  expect(hosts["scheduler"]).toMatch(/^as federated, but\n/);
});

test("differences of one page from another: what a change of the page changes, and nothing else", () => {
  const small = (gib: number) => {
    const stack = new TerraformStack(new App(), "stack");
    new Mastodon(stack, "Social", {
      cloud: local(),
      domain: "social.example",
      size: { ...smallest, database: { ...smallest.database, disk: Disk.gib(gib) } },
    });
    return renderPage(stack);
  };
  const same = differences(small(5), small(5));
  expect(Object.entries(same.hosts).filter(([name, text]) => text !== `as ${name}\n`)).toEqual([]);
  expect(same).toMatchObject({ flows: "", plan: "" });
  const { hosts, flows, plan } = differences(small(6), small(5));
  const ofAll = `@@ - path: /etc/patroni/dynamic.json
          "work_mem": "4MB",
-         "max_wal_size": "640MB",
+         "max_wal_size": "768MB",
          "wal_retrieve_retry_interval": "1s",
-         "max_slot_wal_keep_size": "1280MB"
+         "max_slot_wal_keep_size": "1536MB"
`;
  // It makes the first cluster with them.
  const ofTheFirst = `@@ - path: /etc/patroni/config.yml
               work_mem: 4MB
-              max_wal_size: 640MB
+              max_wal_size: 768MB
               wal_retrieve_retry_interval: 1s
-              max_slot_wal_keep_size: 1280MB
+              max_slot_wal_keep_size: 1536MB
`;
  expect(hosts).toEqual({
    ...same.hosts,
    "database-1": `as database-1, but\n${ofTheFirst}${ofAll}`,
    "database-2": `as database-2, but\n${ofAll}`,
  });
  expect(flows).toBe("");
  const changed = String(plan).split("\n");
  expect(changed.filter((line) => line.startsWith("@@"))).toEqual([
    '@@ "Social_Database_1_MachinedataSize_D5E45271": {',
    '@@ "Social_Database_2_MachinedataSize_73191347": {',
  ]);
  expect(changed).toEqual(
    expect.arrayContaining(['-                "GIB": "5",', '+                "GIB": "6",', '+          "gib": 6']),
  );
});

test("what streaming beside Puma changes on the machines", () => {
  const { hosts } = differences(renderPage(pageOf({ ...WHOLE, streaming: "beside" }).stack), renderPage(pageOf(WHOLE).stack));
  expect(hosts).toMatchSnapshot();
});
