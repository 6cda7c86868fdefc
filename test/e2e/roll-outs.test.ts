// What goes wrong in the life of a site, carried out by the real Terraform: each kind is a row that every cloud has to stand. Hetzner's plan is
// made small, see miniature.ts.

import { TerraformStack } from "cdktf";
import { Postgres, Site } from "../../lib";
import { HetznerProps } from "../../lib/clouds/hetzner";
import { page, pool } from "../clouds/hetzner/page";
import { Miniature, Standing } from "./miniature";

let small: Miniature;
beforeEach(() => void (small = new Miniature()));
afterEach(() => small.remove());

interface Page {
  readonly web?: number;
  readonly name?: string;
  /** What makes a new boot text. */
  readonly text?: string;
  readonly database?: string;
  readonly slot?: number;
  readonly replicas?: number;
  readonly cloud?: Partial<HetznerProps>;
  readonly formerly?: Readonly<Record<string, string>>;
}

function site({ web = 2, name = "web", text = "one", database, slot, replicas = 1, cloud, formerly = {} }: Page): TerraformStack {
  const made = page(cloud);
  const members = pool(made.site, name, web);
  members.program.add({ kind: "file", path: "/etc/probe", content: text });
  made.site.frontDoor.route("social.example", members, { port: 80, path: "/health", status: 200 });
  if (database !== undefined) new Postgres(made.site, database, { replicas, slot });
  for (const [id, was] of Object.entries(formerly)) made.cloud.formerly(made.site.node.findChild(id), was);
  return made.stack;
}

const names = (standing: readonly Standing[]) => standing.map((one) => one.name.replace(/-[0-9a-f]{6}$/, ""));
const ids = (type: string) => small.all(type).map((one) => one.id);
/** What the gate was asked, without processes. */
const asked = () => small.log().map((line) => line.replace(/ \d+$/, ""));
const done = { status: 0 };

test("a failed roll-out, then a smaller page: nothing that serves goes before the new ones serve, however often it is tried", () => {
  expect(small.apply(site({ web: 6 }))).toMatchObject(done);
  const serving = ids("hcloud_server");
  small.set("sick", true);
  expect(small.apply(site({ web: 6, text: "two" })).status).toBe(1);
  for (const _ of [1, 2]) {
    small.forget();
    expect(small.apply(site({ web: 2, text: "two" })).status).toBe(1);
    expect(ids("hcloud_server")).toEqual(expect.arrayContaining(serving));
    expect(asked()).toEqual(["serve web"]);
  }
  small.set("sick", false);
  expect(small.apply(site({ web: 2, text: "two" }))).toMatchObject(done);
  expect(names(small.all("hcloud_server"))).toEqual(["social-web-1", "social-web-2"]);
  expect(small.plan(site({ web: 2, text: "two" })).said).toContain("No changes");
}, 120_000);

test("a smaller page: the gate takes the traffic off, then each server that leaves is shut down, and no other is touched", () => {
  expect(small.apply(site({ web: 4 }))).toMatchObject(done);
  const before = small.all("hcloud_server");
  small.forget();
  expect(small.apply(site({ web: 2 }))).toMatchObject(done);
  expect(asked()[0]).toBe("serve web");
  expect(asked().slice(1).sort()).toEqual(
    before
      .slice(2)
      .map(({ id }) => `stop ${id}`)
      .sort(),
  );
  expect(small.all("hcloud_server")).toEqual(before.slice(0, 2));
}, 60_000);

test("a smaller page: the load balancer is made smaller once its servers have left, in the next deploy", () => {
  const type = () => small.all("hcloud_load_balancer")[0]!.input["load_balancer_type"];
  expect(small.apply(site({ web: 26 }))).toMatchObject(done);
  expect(type()).toBe("lb31");
  expect(small.apply(site({ web: 8 }))).toMatchObject(done);
  // 26 stand beside 8 of the page.
  expect(type()).toBe("lb21");
  expect(small.apply(site({ web: 8 }))).toMatchObject(done);
  expect(type()).toBe("lb11");
  expect(small.plan(site({ web: 8 })).said).toContain("No changes");
}, 60_000);

test("a renamed tier with data is refused when the plan is made; with its former id said, its volumes and servers stay", () => {
  expect(small.apply(site({ database: "Database" }))).toMatchObject(done);
  const kept = () => [
    ...ids("hcloud_volume"),
    ...small.all("hcloud_server").flatMap(({ name, id }) => (/-d(b|atabase)-/.test(name) ? [id] : [])),
  ];
  const before = kept();
  expect(before).toHaveLength(4);
  const refused = small.apply(site({ database: "Db" }));
  expect(refused.status).toBe(1);
  expect(refused.said.replaceAll("│ ", "")).toContain(
    "stack/Social: Hetzner has volumes of this site, with data, that are no longer on the page: social-database-1-data, social-database-2-data / ",
  );
  expect(kept()).toEqual(before);
  const moved = { database: "Db", slot: 56, formerly: { Db: "Database" } };
  small.forget();
  expect(small.apply(site(moved))).toMatchObject(done);
  expect(kept()).toEqual(before);
  expect(asked()).toEqual([]);
  expect(small.all("hcloud_volume").map(({ name }) => name)).toEqual(["social-db-1-data", "social-db-2-data"]);
  // Once it is done the page need not say it any more.
  expect(small.plan(site({ database: "Db", slot: 56 })).said).toContain("No changes");
}, 120_000);

test("a removed tier or replica with data is refused until its volumes are given up by name", () => {
  expect(small.apply(site({ database: "Database" }))).toMatchObject(done);
  expect(small.plan(site({})).said).toContain("that are no longer on the page: social-database-1-data, social-database-2-data /");
  expect(small.plan(site({ database: "Database", replicas: 0 })).said).toContain(
    "that are no longer on the page: social-database-2-data /",
  );
  const cloud = { releasedVolumes: ["social-database-2-data"] };
  expect(small.apply(site({ database: "Database", cloud }))).toMatchObject(done);
  expect(small.all("hcloud_volume").map(({ input }) => input["delete_protection"])).toEqual([true, false]);
  expect(small.apply(site({ database: "Database", replicas: 0, cloud }))).toMatchObject(done);
  expect(names(small.all("hcloud_volume"))).toEqual(["social-database-1-data"]);
}, 120_000);

test("a renamed pool of which nothing is said: its old servers serve until the new ones do, and are shut down before they go", () => {
  expect(small.apply(site({}))).toMatchObject(done);
  const serving = ids("hcloud_server");
  const doors = ids("hcloud_load_balancer");
  const targets = () =>
    small
      .all("hcloud_load_balancer_target")
      .map(({ input }) => String(input["label_selector"]))
      .sort();
  small.set("sick", true);
  for (const _ of [1, 2]) {
    small.forget();
    expect(small.apply(site({ name: "front" })).status).toBe(1);
    expect(ids("hcloud_server")).toEqual(expect.arrayContaining(serving));
    expect(targets()).toEqual(["site=social,pool=front", "site=social,pool=web"]);
    expect(asked()).toEqual(["serve front"]);
  }
  small.set("sick", false);
  small.forget();
  const { status, lines } = small.apply(site({ name: "front" }));
  expect(status).toBe(0);
  expect(asked()).toEqual(["serve front", "retire web"]);
  const at = (pattern: RegExp) => lines.split("\n").findIndex((line) => pattern.test(line));
  const retired = at(/Retired-web_\w+: Creation complete/);
  expect(retired).toBeGreaterThan(0);
  expect(at(/hcloud_server__Social_web_\w+\[\d\]: Destroying/)).toBeGreaterThan(retired);
  expect(at(/hcloud_load_balancer_target__\S+Target-web_\w+: Destroying/)).toBeGreaterThan(retired);
  expect(names(small.all("hcloud_server"))).toEqual(["social-front-1", "social-front-2"]);
  expect(targets()).toEqual(["site=social,pool=front"]);
  expect(ids("hcloud_load_balancer")).toEqual(doors);
  expect(small.plan(site({ name: "front" })).said).toContain("No changes");
}, 120_000);

test("a renamed pool: its load balancer stays, and its old servers serve until the new ones do", () => {
  expect(small.apply(site({}))).toMatchObject(done);
  const serving = ids("hcloud_server");
  const doors = ids("hcloud_load_balancer");
  small.set("sick", true);
  const renamed = site({ name: "front", formerly: { front: "web" } });
  expect(small.apply(renamed).status).toBe(1);
  expect(ids("hcloud_server")).toEqual(expect.arrayContaining(serving));
  const selectors = () =>
    small
      .all("hcloud_load_balancer_target")
      .map(({ input }) => String(input["label_selector"]))
      .sort();
  expect(selectors()).toEqual(["site=social,pool=front", "site=social,pool=web"]);
  small.set("sick", false);
  expect(small.apply(renamed)).toMatchObject(done);
  expect(names(small.all("hcloud_server"))).toEqual(["social-front-1", "social-front-2"]);
  expect(ids("hcloud_load_balancer")).toEqual(doors);
  expect(small.apply(site({ name: "front" }))).toMatchObject(done);
  expect(selectors()).toEqual(["site=social,pool=front"]);
}, 120_000);

test("a Terraform that is told to end takes its gate with it, which would change things later", async () => {
  small.set("wait", true);
  const processes = await small.cut(site({}), "SIGTERM");
  expect(processes).toHaveLength(1);
  expect(() => process.kill(processes[0]!, 0)).toThrow("ESRCH");
}, 60_000);

test("an apply that was cut off in a gate goes on in the next one", async () => {
  expect(small.apply(site({}))).toMatchObject(done);
  const serving = ids("hcloud_server");
  small.forget();
  small.set("wait", true);
  await small.cut(site({ text: "two" }), "SIGTERM");
  expect(ids("hcloud_server")).toEqual(expect.arrayContaining(serving));
  small.set("wait", false);
  small.forget();
  expect(small.apply(site({ text: "two" }))).toMatchObject(done);
  expect(asked()).toEqual(["serve web"]);
  expect(names(small.all("hcloud_server"))).toEqual(["social-web-1", "social-web-2"]);
}, 60_000);

test("a half-made apply: what could not be made is told at once, no gate waits, and the next apply makes the rest", () => {
  small.set("refuse", true);
  expect(small.apply(site({ database: "Database" })).status).toBe(1);
  expect(asked()).toEqual([]);
  small.set("refuse", false);
  expect(small.apply(site({ database: "Database" }))).toMatchObject(done);
  expect(asked()).toEqual(["serve web", "retire web"]);
  expect(small.plan(site({ database: "Database" })).said).toContain("No changes");
}, 60_000);

test("a kept machine is renewed one by one, though gates wait for it: its successor is made after it has gone", () => {
  expect(small.apply(site({ database: "Database" }))).toMatchObject(done);
  const volumes = ids("hcloud_volume");
  const address = addressOf(site({ database: "Database" }));
  const { status, lines } = small.apply(site({ database: "Database" }), `-replace=${address}`);
  expect(status).toBe(0);
  expect(lines.indexOf(`${address}: Destruction complete`)).toBeLessThan(lines.indexOf(`${address}: Creating...`));
  expect(lines).toContain(`${address}: Destruction complete`);
  expect(ids("hcloud_volume")).toEqual(volumes);
}, 60_000);

function addressOf(stack: TerraformStack): string {
  const machine = Site.of(stack.node.findAll().find((one) => one instanceof Postgres)!)
    .node.findAll()
    .find((one) => one.node.path.endsWith("Database/1/Machine"))!;
  return `terraform_data.hcloud_server__${stack.getLogicalId(machine.node)}`;
}
