import { App, TerraformStack } from "cdktf";
import { parse } from "yaml";
import {
  Etcd,
  PgBouncer,
  Pool,
  Postgres,
  Redis,
  RedisProps,
  Secret,
  SidekiqGroup,
  Site,
  SiteProps,
  StreamingPool,
  StreamingPoolProps,
  WebTier,
} from "../../lib";
import { FakeCloud } from "../../lib/testing";
import { Mix, pageOf, readable, WHOLE } from "./mixes";

const OLD: Mix = { ...WHOLE, version: "4.1.22", sentinels: false };

function files(pool: Pool): Readonly<Record<string, string>> {
  const config = parse(pool.bootText()) as { write_files: readonly { path: string; content: string }[] };
  return Object.fromEntries(config.write_files.map(({ path, content }) => [path, content]));
}

const WEB_UNIT = "/etc/containers/systemd/mastodon-web.container";
const FILE = "/etc/mastodon/database.yml";

test("Makara's file is for web processes up to 4.1 with a replica, and for nobody else", () => {
  for (const [mix, wanted] of [
    [OLD, true],
    [{ ...OLD, replica: false }, false],
    [{ ...OLD, database: "straight" }, true],
    [{ ...OLD, version: "4.2.20" }, false],
  ] as const) {
    const { web, sidekiq, scheduler } = pageOf(mix);
    const mounted = files(web.pool)[WEB_UNIT]!.includes(`Volume=${FILE}:/opt/mastodon/config/database.yml:ro\n`);
    expect({ mix, mounted, file: FILE in files(web.pool) }).toEqual({ mix, mounted: wanted, file: wanted });
    for (const { pool } of [sidekiq, scheduler]) expect(pool.bootText()).not.toContain("database.yml");
    // The administrator's commands write and read where the image's own file says.
    expect(files(web.pool)["/usr/local/bin/tootctl"]).not.toContain("database.yml");
  }
});

test("the file names no secret and no host: all comes from the process' own variables", () => {
  const text = files(pageOf(OLD).web.pool)[FILE]!;
  expect(text).not.toMatch(/TfToken|pool-1|database-/);
  const filled = text.replace(/<%= ENV\['(\w+)'\](?: \|\| [^%]*?)?(?:\.to_json)? %>/g, "$1");
  expect(parse(filled)).toEqual({
    production: {
      adapter: "postgresql_makara",
      connect_timeout: 5,
      encoding: "unicode",
      timeout: 5000,
      application_name: "",
      prepared_statements: false,
      pool: "DB_POOL",
      sslmode: "DB_SSLMODE",
      makara: {
        id: "postgres",
        sticky: true,
        connections: [
          { role: "master", blacklist_duration: 0, ...names("DB_") },
          { role: "slave", ...names("REPLICA_DB_") },
        ],
      },
    },
  });
});

const names = (prefix: string) => ({
  host: `${prefix}HOST`,
  port: `${prefix}PORT`,
  database: `${prefix}NAME`,
  username: `${prefix}USER`,
  password: `${prefix}PASS`,
});

test("up to 4.2 one image runs everything, streaming by its older command, and Sidekiq's title says whether it works", () => {
  for (const version of ["4.1.22", "4.2.20"]) {
    const { cloud, live, sidekiq } = pageOf({ ...OLD, version });
    const images = [...new Set(cloud.pools.flatMap((pool) => pool.images()))];
    expect(images).toEqual([`ghcr.io/mastodon/mastodon:v${version}`]);
    const unit = files(live!.pool)["/etc/containers/systemd/mastodon-streaming@.container"];
    expect(unit).toContain(`Image=ghcr.io/mastodon/mastodon:v${version}\n`);
    expect(unit).toContain("Exec=node ./streaming\n");
    expect(sidekiq.pool.program.readiness).toEqual([
      expect.stringContaining("HAProxy is not running"),
      "{ ! cat /run/mastodon-refused 2>/dev/null; }",
      "podman top mastodon-sidekiq-1 args 2>/dev/null | grep -Eq '^sidekiq .* busy\\] *$'",
    ]);
  }
});

test("up to 4.2 Rails' db:prepare would leave an empty database without roles: Mastodon's own task fills it", () => {
  for (const [version, task] of [
    ["4.1.22", "db:migrate:setup"],
    ["4.2.20", "db:migrate:setup"],
    ["4.3.23", "db:prepare"],
  ] as const) {
    const script = files(pageOf({ ...OLD, version }).scheduler.pool)["/usr/local/sbin/mastodon-prepare"];
    expect(script).toContain(`\nIMAGE='ghcr.io/mastodon/mastodon:v${version}'\n`);
    expect(script).toContain(`\nTASK='${task}'\n`);
  }
});

test("connections: up to 4.1 streaming's are the replica's, as long as there is one, and Sidekiq has none there", () => {
  const { stack, site } = pageOf({ ...OLD, database: "straight" });
  expect(site.problems.all()).toEqual([]);
  const sums = stack.toTerraform().locals["social_database_connections"] as Record<string, { tiers: Record<string, string> }>;
  expect(Object.entries(sums).map(([name, { tiers }]) => [name, Object.keys(tiers)])).toEqual([
    [
      "database-1",
      [
        "everything",
        "scheduler",
        "scheduler, database task",
        "scheduler, the scheduler's lock",
        "streaming",
        "web",
        "web, administrator's commands",
      ],
    ],
    ["database-2", ["streaming", "web"]],
  ]);
});

interface Page {
  readonly site?: Partial<SiteProps>;
  readonly redis?: RedisProps;
  readonly streaming?: Partial<StreamingPoolProps>;
  readonly replicaUrl?: "secret" | "plain";
}

function page(version: string, { site: props, redis, streaming, replicaUrl }: Page = {}) {
  const site = new Site(new TerraformStack(new App(), "stack"), "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version,
    ...props,
  });
  const database = new PgBouncer(site, "Pool", { database: new Postgres(site, "Database", { replicas: 1 }) });
  new Etcd(site, "Etcd");
  const url = new Secret(site.node.scope!, "replica_url", {
    length: 200,
    pattern: "^postgresql://",
    description: "The replica.",
  });
  const data = {
    database,
    redis: new Redis(site, "Redis", redis),
    replicaUrl: replicaUrl === "plain" ? "postgresql://reader:secret@replica.example:5432/mastodon" : replicaUrl && url,
  };
  const live = new StreamingPool(site, "Streaming", { ...data, ...streaming });
  const web = new WebTier(site, "Web", { streaming: live, ...data });
  const all = ["default", "push", "ingress", "mailers", "pull", "scheduler"] as const;
  const sidekiq = new SidekiqGroup(site, "All", {
    queues: site.version.startsWith("4.1") || version < "4.4" ? all : [...all, "fasp"],
    ...data,
  });
  return { site, web, sidekiq, live };
}

test.each<[string, string, Page, string]>([
  [
    "sentinels before 4.3",
    "4.2.20",
    { redis: { replicas: 2, found: "sentinels" } },
    'stack/Social/Redis: replicas is 2 with found: "sentinels", and Mastodon 4.2.20 does not support sentinels / leave found out, use no replica, or use Mastodon 4.3 or later',
  ],
  [
    "an image for streaming before 4.3",
    "4.2.20",
    { site: { images: { streaming: "registry.example/streaming:v4.2.20" } } },
    'stack/Social/Streaming: images.streaming is "registry.example/streaming:v4.2.20", and version is "4.2.20" / leave it out: 4.3 is',
  ],
  [
    "a replica as one address before 4.2",
    "4.1.22",
    { replicaUrl: "secret" },
    "stack/Social/Web: REPLICA_DATABASE_URL is read from 4.2 on, and this is 4.1.22",
  ],
  ["its password in plain text", "4.5.15", { replicaUrl: "plain" }, "stack/Social/Web: REPLICA_DATABASE_URL is a secret"],
])("%s is refused, and what to do is said", (_, version, props, why) => {
  expect(page(version, props).site.problems.all()[0]).toContain(why);
});

test("one address in the place of the replica's parts, where it is asked for", () => {
  const { site, web, sidekiq } = page("4.5.15", { replicaUrl: "secret" });
  expect(site.problems.all()).toEqual([]);
  for (const { env } of [web, sidekiq]) {
    const replica = Object.entries(readable(env)).filter(([name]) => name.startsWith("REPLICA_"));
    expect(replica).toEqual([["REPLICA_DATABASE_URL", "<secret replica_url>"]]);
  }
});
