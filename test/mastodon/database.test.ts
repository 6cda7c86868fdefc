import { spawnSync } from "node:child_process";
import { App, TerraformStack, Testing } from "cdktf";
import { parse } from "yaml";
import { Etcd, PgBouncer, Pool, Postgres, Site, Size } from "../../lib";
import { readableText } from "../../lib/core/render/terraform-text";
import { FakeCloud } from "../../lib/testing";

function page(props: { readonly replicas?: number; readonly maxConnections?: number; readonly serverConnections?: number } = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6" });
  const database = new Postgres(site, "Database", props);
  const etcd = database.machines.length > 1 ? new Etcd(site, "Etcd") : undefined;
  const pool = new PgBouncer(site, "Pool", { database, serverConnections: props.serverConnections });
  const range = site.range(site, "web", "web");
  const web = new Pool(site, "Web", { name: "web", role: "web", range, machines: 1, size: Size.of({ cpus: 1, gib: 1 }) });
  return { stack, site, database, etcd, pool, web };
}

test("every script in them is clean bash", () => {
  const [{ database, pool, etcd }, alone] = [page({ replicas: 1 }), page()];
  for (const machine of [...database.machines, pool.machines[0]!, ...etcd!.machines, alone.database.machines[0]!]) {
    const config = parse(machine.bootText().replace("#cloud-config\n", ""));
    for (const file of config.write_files.filter((entry: { permissions: string }) => entry.permissions === "0755")) {
      const { status, stderr } = spawnSync("bash", ["-n"], { input: file.content, encoding: "utf8" });
      expect({ path: file.path, status, stderr }).toEqual({ path: file.path, status: 0, stderr: "" });
    }
  }
});

test("no client of the pooler learns PostgreSQL's name, not even a task that goes straight to whichever is primary", () => {
  const { pool, web } = page({ replicas: 1 });
  const { password, ...facts } = pool.reachedBy(web, "web reads and writes");
  expect(facts).toEqual({ host: "pool-1", port: 6432, name: "mastodon", user: "mastodon", pooled: true, tls: false });
  expect(String(password)).toMatch(/TfToken/);
  expect(pool.replicaReachedBy(web, "web reads")).toMatchObject({
    host: "pool-1",
    port: 6432,
    name: "mastodon_replica",
    pooled: true,
  });
  expect(web.bootText()).not.toContain("database-1");
  expect(pool.direct.reachedBy(web, "migrations")).toMatchObject({ host: "pool-1", port: 5432, pooled: false, tls: true });
  expect(web.bootText()).not.toContain("database-");
  expect(page().pool.direct.reachedBy(page().web, "migrations")).toMatchObject({ host: "database-1", port: 5432 });
});

test("one more standby changes neither the primary nor the standby before it", () => {
  const [one, two] = [page({ replicas: 1 }), page({ replicas: 2 })];
  const texts = (of: typeof one) => of.database.machines.slice(0, 2).map((machine) => readableText(machine.bootText()));
  expect(texts(two)).toEqual(texts(one));
});

test("without a standby there is no entry for reads", () => {
  const { pool, web } = page();
  expect(pool.replicaReachedBy(web, "web reads")).toBeUndefined();
  expect(pool.machines[0]!.bootText()).not.toContain("mastodon_replica");
});

test("a pooler that PostgreSQL cannot hold is refused with the sum", () => {
  const { stack, site } = page({ maxConnections: 100, serverConnections: 200 });
  expect(() => Testing.synth(stack, true)).toThrow(
    "stack/Social/Database: its clients may open 200 connections to database-1 in a roll-out (pool, server connections: 1 x 200), and " +
      "maxConnections 100 leaves 90 / raise maxConnections to at least 210, or put a PgBouncer in front or lower its serverConnections",
  );
  expect(site.problems.all()).toHaveLength(1);
});

test("no boot text and no plan holds a secret", () => {
  const { stack, database } = page();
  expect(database.machines[0]!.bootText()).toMatch(/^ +DATABASE_PASSWORD=\$\{TfToken\[TOKEN\.\d+\]\}$/m);
  expect(JSON.parse(Testing.synth(stack, true)).variable.database_password.sensitive).toBe(true);
});
