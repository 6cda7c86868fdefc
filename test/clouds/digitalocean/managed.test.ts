// Databases that DigitalOcean runs, as a page's tiers take them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformStack, Testing } from "cdktf";
import { Construct } from "constructs";
import { parse } from "yaml";
import { mail, Monitoring, PgBouncer, Postgres, Redis, Secret, SidekiqGroup, Site, StreamingPool, WebTier } from "../../../lib";
import {
  digitalocean,
  digitalOceanDns,
  DigitalOceanProps,
  managedPostgres,
  ManagedPostgresProps,
  managedValkey,
  ManagedValkeyProps,
  spaces,
} from "../../../lib/clouds/digitalocean";
import { secretsInState } from "../../../lib/clouds/digitalocean/state-secrets";
import { FakeCloud, ProvidersSchema, schemaCheck } from "../../../lib/testing";
import { filesOf } from "../../mastodon/external-page";
import { readable } from "../../mastodon/mixes";

const schema = JSON.parse(readFileSync(join(__dirname, "schema.json"), "utf8")) as ProvidersSchema;

interface Options {
  readonly postgres?: Partial<ManagedPostgresProps>;
  readonly valkey?: Partial<ManagedValkeyProps>;
  /** A PgBouncer of the page, DigitalOcean's own, or none. */
  readonly pooler?: "own" | "theirs" | "none";
  readonly version?: string;
  readonly monitored?: boolean;
}

function page({ postgres = {}, valkey = {}, pooler = "own", version = "4.7.6", monitored = false }: Options = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const secret = (name: string) => new Secret(stack, name, { length: 43, description: "A probe." });
  const site = new Site(stack, "Social", {
    cloud: digitalocean({ region: "fra1", dns: digitalOceanDns({ zone: "social.example" }) }),
    domain: "social.example",
    version,
    objects: spaces({
      bucket: "media",
      region: "fra1",
      accessKey: secret("media_access_key"),
      secretKey: secret("media_secret_key"),
    }),
    settings: [mail("none")],
  });
  const cluster = managedPostgres(site, "Database", { size: "db-s-4vcpu-8gb", ...postgres });
  const direct = Postgres.external(cluster.postgres);
  const database =
    pooler === "none"
      ? direct
      : pooler === "own"
        ? new PgBouncer(site, "Pool", { database: direct })
        : PgBouncer.external({ ...cluster.pool!, direct });
  const redis = Redis.external(managedValkey(site, "Feeds", { size: "db-s-1vcpu-2gb", ...valkey }));
  const cache = Redis.external(managedValkey(site, "Cache", { size: "db-s-1vcpu-1gb", use: "cache", nodes: 1 }));
  const jobs = Redis.external(managedValkey(site, "Jobs", { size: "db-s-1vcpu-2gb", use: "sidekiq" }));
  const data = { database, redis, cache, jobs };
  const streaming = new StreamingPool(site, "Streaming", { processes: 1, ...data });
  const web = new WebTier(site, "Web", { processes: 1, streaming, ...data });
  const queues = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"] as const;
  const sidekiq = new SidekiqGroup(site, "Work", { threads: 5, queues, ...data });
  const [monitor] = monitored ? new Monitoring(site, "Monitoring").machines : [];
  return { stack, site, web, streaming, sidekiq, monitor };
}

type Blocks = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

function resources(stack: TerraformStack): { readonly text: string; readonly of: (kind: string) => Blocks } {
  const text = Testing.synth(stack);
  const { resource, data } = JSON.parse(text.replaceAll(/_[0-9A-F]{8}(?![0-9A-Za-z])/g, "")) as Readonly<
    Record<"resource" | "data", Readonly<Record<string, Blocks>>>
  >;
  return { text, of: (kind) => resource[`digitalocean_${kind}`] ?? data[`digitalocean_${kind}`] ?? {} };
}

test("clusters stand in the VPC of the site as one resource, each with what it holds", () => {
  const { stack, site } = page({ postgres: { replica: true, storageGib: 100, maintenance: { day: "monday", hour: "04:00" } } });
  expect(site.problems.all()).toEqual([]);
  const { text, of } = resources(stack);
  expect(of("database_cluster")).toEqual({
    Social_Databases: {
      for_each: {
        "social-cache": { engine: "valkey", version: "8", size: "db-s-1vcpu-1gb", nodes: 1, evictionPolicy: "allkeys_lru" },
        "social-database": {
          engine: "pg",
          version: "17",
          size: "db-s-4vcpu-8gb",
          nodes: 2,
          storageSizeMib: 102400,
          maintenance: { day: "monday", hour: "04:00" },
        },
        "social-feeds": { engine: "valkey", version: "8", size: "db-s-1vcpu-2gb", nodes: 2, evictionPolicy: "noeviction" },
        "social-jobs": { engine: "valkey", version: "8", size: "db-s-1vcpu-2gb", nodes: 2, evictionPolicy: "noeviction" },
      },
      name: "${each.key}",
      engine: "${each.value.engine}",
      version: "${each.value.version}",
      size: "${each.value.size}",
      node_count: "${each.value.nodes}",
      storage_size_mib: '${lookup(each.value, "storageSizeMib", null)}',
      eviction_policy: '${lookup(each.value, "evictionPolicy", null)}',
      dynamic: {
        maintenance_window: {
          for_each: "${try([each.value.maintenance], [])}",
          content: { day: "${maintenance_window.value.day}", hour: "${maintenance_window.value.hour}" },
        },
      },
      region: "fra1",
      private_network_uuid: "${digitalocean_vpc.Social_Network.id}",
      lifecycle: { prevent_destroy: true },
      depends_on: ["terraform_data.secrets"],
    },
  });
  expect(of("database_replica")["Social_Database_Replica"]).toMatchObject({
    cluster_id: '${digitalocean_database_cluster.Social_Databases["social-database"].id}',
    name: "social-database-reads",
    size: "db-s-4vcpu-8gb",
  });
  expect(schemaCheck(text, schema)).toEqual([]);
});

/** What stands in the plan of clusters, once all that a site without any has is there. */
function clusters({ protectDatabases, protectDisks }: Pick<DigitalOceanProps, "protectDatabases" | "protectDisks"> = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = digitalocean({
    region: "fra1",
    ...(protectDatabases !== undefined && { protectDatabases }),
    ...(protectDisks !== undefined && { protectDisks }),
  });
  new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6", queuesElsewhere: ["scheduler"] });
  const { text, of } = resources(stack);
  const { for_each: each, lifecycle } = of("database_cluster")["Social_Databases"]!;
  return { each, lifecycle, text };
}

test("a page that has no database any more guards those of the page before, until it says otherwise", () => {
  expect(clusters()).toMatchObject({ each: {}, lifecycle: { prevent_destroy: true } });
  expect(clusters({ protectDisks: false }).lifecycle).toEqual({ prevent_destroy: true });
  expect(clusters({ protectDatabases: false })).toMatchObject({ each: {}, lifecycle: { prevent_destroy: false } });
  expect(secretsInState(clusters().text)).toEqual([]);
});

test("two clusters of one name are refused, since the second would take the place of the first", () => {
  const { site } = page();
  managedValkey(new Construct(site, "Other"), "Cache", { size: "db-s-1vcpu-1gb", nodes: 1 });
  expect(site.problems.all()).toContain(
    "stack/Social/Other/Cache: its name at DigitalOcean is social-cache, which is already used by another database of the page / " +
      "give one of them another id",
  );
});

test("a cluster and its replica let in the roles that call them, by their tags, and nobody else", () => {
  const { of } = resources(page({ postgres: { replica: true } }).stack);
  const tags = (firewall: string) =>
    (of("database_firewall")[firewall]!["rule"] as readonly { type: string; value: string }[]).map(
      ({ type, value }) => `${type} ${value}`,
    );
  const role = (...names: string[]) => names.map((name) => `tag \${digitalocean_tag.Social_Tag-role-${name}.name}`);
  expect(tags("Social_Database_Callers")).toEqual(role("pgbouncer", "sidekiq", "web"));
  expect(tags("Social_Database_ReplicaCallers")).toEqual(role("pgbouncer", "sidekiq", "web"));
  expect(of("database_firewall")["Social_Database_ReplicaCallers"]!["cluster_id"]).toBe(
    "${digitalocean_database_replica.Social_Database_Replica.uuid}",
  );
  expect(tags("Social_Jobs_Callers")).toEqual(role("sidekiq", "web"));
  expect(tags("Social_Feeds_Callers")).toEqual(role("sidekiq", "streaming", "web"));
});

test("a monitoring machine is let in too, and has the login of Mastodon's processes and the authorities that they trust", () => {
  const { stack, monitor } = page({ postgres: { replica: true }, monitored: true });
  const { of, text } = resources(stack);
  expect(schemaCheck(text, schema)).toEqual([]);
  const last = (firewall: string) =>
    (of("database_firewall")[firewall]!["rule"] as readonly { value: string }[]).map(({ value }) => value)[0];
  for (const firewall of ["Database_Callers", "Database_ReplicaCallers", "Feeds_Callers", "Cache_Callers", "Jobs_Callers"])
    expect(last(`Social_${firewall}`)).toBe("${digitalocean_tag.Social_Tag-role-monitoring.name}");
  const files = filesOf(monitor!);
  const exporter = (name: string) => files[`/etc/default/prometheus-${name} 0600`];
  const postgres = (port: number) =>
    'DATA_SOURCE_USER="<known after apply>"\nDATA_SOURCE_PASS="<secret database_password>"\n' +
    `DATA_SOURCE_URI="<known after apply>:25060/<known after apply>?sslmode=verify-full&sslrootcert=/etc/mastodon/tls/<known after apply>.pem` +
    '&connect_timeout=5&statement_timeout=8000&lock_timeout=1000&default_transaction_read_only=on"\n' +
    `ARGS='--web.listen-address=127.0.0.1:${port}'\n`;
  expect(exporter("postgres-exporter-social-database")).toBe(postgres(9187));
  expect(exporter("postgres-exporter-social-database-reads")).toBe(postgres(9188));
  expect(exporter("redis-exporter-sidekiq-social-jobs")).toBe(
    'REDIS_ADDR="rediss://<known after apply>:25061"\nREDIS_USER="default"\nREDIS_PASSWORD="<secret jobs_password>"\n' +
      "ARGS='-web.listen-address=127.0.0.1:9123 -tls-ca-cert-file=/etc/mastodon/tls/<known after apply>.pem -script=/etc/prometheus/sidekiq-queues.lua'\n",
  );
});

test("Ruby and Node verify the clusters by their own authorities, and the world by the public ones", () => {
  const { web, streaming } = page({ pooler: "none" });
  const env = readable(web.env);
  expect(env).toMatchObject({
    DB_HOST: "<known after apply>",
    DB_PORT: "25060",
    DB_PASS: "<secret database_password>",
    DB_SSLMODE: "verify-full",
    SSL_CERT_FILE: "/etc/mastodon/tls/ruby.pem",
    REDIS_DRIVER: "ruby",
  });
  expect(env["PGSSLROOTCERT"]).toMatch(/^\/etc\/mastodon\/tls\/.+\.pem$/);
  expect(env["REDIS_URL"]).toBe("rediss://default:<secret feeds_password>@<known after apply>:25061/0");
  expect(env["SIDEKIQ_REDIS_URL"]).toBe("rediss://default:<secret jobs_password>@<known after apply>:25061/0");
  expect(env["CACHE_REDIS_URL"]).toBe("rediss://default:<secret cache_password>@<known after apply>:25061/0");
  const node = readable(streaming.envs.get(4000)!);
  expect(node).toMatchObject({ DB_SSLMODE: "verify-full", NODE_EXTRA_CA_CERTS: "/etc/mastodon/tls/streaming.pem" });
  // Nobody's certificate goes unchecked.
  expect(JSON.stringify([env, node])).not.toMatch(/NODE_TLS_REJECT_UNAUTHORIZED|no-verify/);
});

const PEM = "-----BEGIN CERTIFICATE-----\nMIIEQTCC\nAqmgAwIB\n-----END CERTIFICATE-----\n";

/** A text of the plan with values in the place of its expressions, as Terraform would fill it in: authorities have several lines. */
function filledIn(text: string): string {
  return text
    .replaceAll(/(?<!\$)\$\{indent\((\d+), data\.digitalocean_database_ca\.[^}]+\)\}/g, (_, spaces: string) =>
      PEM.replaceAll("\n", `\n${" ".repeat(Number(spaces))}`),
    )
    .replaceAll(/(?<!\$)\$\{data\.digitalocean_database_ca\.[^}]+\}/g, PEM)
    .replaceAll(/(?<!\$)\$\{[^}]+\}/g, "x");
}

test("the certificates of the authorities, which have several lines, are whole on each machine, and the boot text is one that cloud-init reads", () => {
  const { locals } = JSON.parse(resources(page().stack).text) as { readonly locals: Readonly<Record<string, string>> };
  const texts = Object.entries(locals).filter(([name]) => /Boot_[0-9A-F]{8}$/.test(name));
  const files = texts.flatMap(([, text]) => {
    const { write_files } = parse(filledIn(text)) as { readonly write_files: readonly { path: string; content: string }[] };
    return write_files
      .filter(({ path }) => path.startsWith("/etc/mastodon/tls/"))
      .map(({ path, content }) => ({ path, content }));
  });
  const of = (end: string) => [...new Set(files.filter(({ path }) => path.endsWith(end)).map(({ content }) => content))];
  const whole = (count: number) => new RegExp(`^(${PEM}\n?){${count}}$`);
  expect(of("/redis.pem")).toEqual([expect.stringMatching(whole(3))]);
  expect(of("/streaming.pem")).toEqual([expect.stringMatching(whole(1))]);
  expect(of("/x.pem")).toEqual([expect.stringMatching(whole(1))]);
});

test("the authority is found by a local value, so that boot texts stay known while another database changes", () => {
  const { of, text } = resources(page().stack);
  expect(of("database_ca")["Social_Jobs_Ca"]).toEqual({ cluster_id: "${local.Social_Jobs_Id}" });
  const { locals } = JSON.parse(text.replaceAll(/_[0-9A-F]{8}(?![0-9A-Za-z])/g, "")) as { readonly locals: object };
  expect(locals).toMatchObject({ Social_Jobs_Id: '${digitalocean_database_cluster.Social_Databases["social-jobs"].id}' });
});

test("a Valkey whose certificate is public asks for no authority of its own", () => {
  const { stack, web } = page({ valkey: { authority: "public" } });
  expect(Object.keys(resources(stack).of("database_ca")).sort()).toEqual([
    "Social_Cache_Ca",
    "Social_Database_Ca",
    "Social_Jobs_Ca",
  ]);
  expect(readable(web.env)["REDIS_URL"]).toMatch(/^rediss:/);
});

test("DigitalOcean's pool takes the place of a PgBouncer, and what needs a session of its own goes past it", () => {
  const { stack, site, web } = page({ pooler: "theirs", postgres: { pool: 120 } });
  expect(site.problems.all()).toEqual([]);
  const { of, text } = resources(stack);
  expect(of("database_connection_pool")["Social_Database_Pool"]).toMatchObject({
    mode: "transaction",
    size: 120,
    name: "mastodon",
  });
  expect(schemaCheck(text, schema)).toEqual([]);
  expect(readable(web.env)).toMatchObject({ DB_PORT: "25061", DB_NAME: "<known after apply>", PREPARED_STATEMENTS: "false" });
  expect(readable(web.taskEnv)).toMatchObject({ DB_PORT: "25060" });
});

test("connections are counted against the plan: 25 a GiB, three of which DigitalOcean keeps, less those of the pool", () => {
  const few = page({ pooler: "none", postgres: { size: "db-s-1vcpu-1gb", nodes: 1 } })
    .site.problems.all()
    .join("\n");
  expect(few).toContain("maxConnections of Postgres.external");
  expect(few).toMatch(/is 22 \//);
  const pooled = page({ pooler: "theirs", postgres: { size: "db-s-1vcpu-2gb", pool: 30 } })
    .site.problems.all()
    .join("\n");
  expect(pooled).toContain(
    "pool is 30, and db-s-1vcpu-2gb has 47 connections, of which 20 must be left for what passes no pooler / use at most 27",
  );
  expect(page({ pooler: "theirs", postgres: { size: "db-s-1vcpu-2gb", pool: 27 } }).site.problems.all()).toEqual([]);
});

test.each<[string, Options, string]>([
  [
    "a plan that is none",
    { postgres: { size: "large" } },
    'stack/Social/Database: size is "large" / give one of DigitalOcean\'s plans, such as db-s-2vcpu-4gb',
  ],
  ["too many nodes", { postgres: { nodes: 4 } }, "stack/Social/Database: nodes is 4 / use a whole number from 1 to 3"],
  ["a second standby of Valkey", { valkey: { nodes: 3 } }, "stack/Social/Feeds: nodes is 3 / use a whole number from 1 to 2"],
  [
    "a standby of the smallest plan",
    { valkey: { size: "db-s-1vcpu-1gb" } },
    "stack/Social/Feeds: nodes is 2, and db-s-1vcpu-1gb has 1 GiB, with which DigitalOcean runs no standby / use nodes: 1, or a plan of 2 GiB or more",
  ],
  ["a pool beside a replica", { postgres: { pool: 10, replica: true } }, "it has both a pool and a replica"],
  ["a use that is none", { valkey: { use: "queues" as "main" } }, 'use is "queues" / use one of main, sidekiq, cache'],
  ["a Mastodon that cannot encrypt", { version: "4.2.20" }, "it is encrypted, and Mastodon 4.2.20 does not support that"],
])("a page is told of %s", (_, options, message) => {
  expect(page(options).site.problems.all().join("\n")).toContain(message);
});

test("a database that nobody calls would be open to the world, and is refused", () => {
  const { site } = page();
  managedValkey(site, "Unused", { size: "db-s-1vcpu-1gb", nodes: 1 });
  expect(site.problems.all()).toEqual([
    "stack/Social/Unused: nobody calls it, and DigitalOcean opens a database that names no caller to the world / give it to a tier, or leave it out",
  ]);
});

test("another cloud has none of them", () => {
  const site = new Site(new TerraformStack(new App(), "stack"), "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version: "4.7.6",
  });
  expect(() => managedPostgres(site, "Database", { size: "db-s-1vcpu-1gb" })).toThrow(
    "stack/Social/Database: its databases are DigitalOcean's, and its cloud is fake",
  );
});

test("their passwords stand in the state, by these attributes and no others", () => {
  const { text } = resources(page({ postgres: { replica: true } }).stack);
  const kinds = new Set(secretsInState(text).map((line) => line.replace(/\..*:/, ":")));
  expect([...kinds].sort()).toEqual([
    "digitalocean_database_cluster: password",
    "digitalocean_database_cluster: private_uri",
    "digitalocean_database_cluster: ui_password",
    "digitalocean_database_cluster: ui_uri",
    "digitalocean_database_cluster: uri",
    "digitalocean_database_replica: password",
    "digitalocean_database_replica: private_uri",
    "digitalocean_database_replica: uri",
  ]);
});
