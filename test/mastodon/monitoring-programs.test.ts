import { prometheus } from "../../lib";
import { differing, page } from "./monitored-page";

const HAPROXY = [
  "# for Prometheus",
  "frontend metrics",
  "mode http",
  "bind 127.0.0.1:9101",
  "http-request use-service prometheus-exporter if { path /metrics }",
  "http-request return status 404",
];
/** An empty line before the section. */
const SECTION = ["", ...HAPROXY];

test("on a monitored site HAProxy serves its metrics on the loopback, and Ruby's processes read one more file", () => {
  const sorted = ({ more, less }: ReturnType<typeof differing>) => ({ more: [...more].sort(), less });
  const more = (...lines: readonly string[]) => ({ more: [...lines].sort(), less: [] });
  expect(sorted(differing("streaming"))).toEqual(more(...SECTION));
  expect(sorted(differing("web"))).toEqual(more(...SECTION, "EnvironmentFile=/etc/mastodon/web-metrics.env"));
  expect(sorted(differing("workers"))).toEqual(more(...SECTION, "EnvironmentFile=/etc/mastodon/sidekiq-metrics-%i.env"));
});

test("PgBouncer lets in the exporter, which says what PgBouncer does not know", () => {
  const { more, less } = differing("pool-1");
  expect(less).toEqual([]);
  expect([...more].sort()).toEqual([...SECTION, "ignore_startup_parameters = extra_float_digits"].sort());
});

test("the primary makes a role that reads what PostgreSQL counts, and nothing of the site's data", () => {
  expect(differing("database-2")).toEqual({
    less: [],
    more: [
      "# Makes the role of the exporter, which may read what PostgreSQL counts. It waits for no lock of a",
      "# migration: what it would have read is missing then.",
      "psql -v ON_ERROR_STOP=1 -Xq -d postgres <<'SQL'",
      "SET synchronous_commit = 'local';",
      "SELECT 'CREATE ROLE prometheus LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'prometheus') \\gexec",
      "SELECT 'GRANT pg_monitor TO prometheus' WHERE NOT pg_has_role('prometheus', 'pg_monitor', 'member') \\gexec",
      "ALTER ROLE prometheus LOGIN CONNECTION LIMIT 6;",
      "ALTER ROLE prometheus SET default_transaction_read_only = 'on';",
      "ALTER ROLE prometheus SET statement_timeout = '8s';",
      "ALTER ROLE prometheus SET lock_timeout = '1s';",
      "SQL",
    ],
  });
});

test("a sentinel tells the exporter whether enough of them would promote another", () => {
  const { more, less } = differing("redis-2");
  expect(more).toHaveLength(1);
  expect(more[0]!.split(" ").filter((word) => !less[0]!.split(" ").includes(word))).toEqual(["+sentinel|ckquorum"]);
});

test("a page with its own way to metrics of Ruby keeps its containers as they are", () => {
  expect([...differing("web", { settings: [prometheus({ collector: { host: "collector.example" } })] }).more].sort()).toEqual(
    [...SECTION].sort(),
  );
});

test("without monitoring no host has anything of it", () => {
  for (const host of Object.values(page({ monitored: false }).hosts))
    expect({
      host: host.name,
      text: host.bootText().match(/prometheus|frontend metrics|-metrics|9101|extra_float_digits|ckquorum/g),
    }).toEqual({
      host: host.name,
      text: null,
    });
});
