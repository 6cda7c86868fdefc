import { Construct } from "constructs";
import { Testing } from "cdktf";
import { Disk, Etcd, Machine, Postgres, Site } from "../../../lib";
import { all, page, planOf, pool, problems, size, web } from "./page";

interface Condition {
  readonly condition: string;
  readonly error_message: string;
}

/** What a plan holds against Hetzner's answer to a question. */
function held(stack: Parameters<typeof planOf>[0], type: string): Condition {
  const plan = planOf(stack) as unknown as {
    readonly data: Readonly<
      Record<string, Readonly<Record<string, { readonly lifecycle: { readonly postcondition: [Condition] } }>>>
    >;
  };
  return Object.values(plan.data[type]!)[0]!.lifecycle.postcondition[0];
}

function database(id: string, around?: string): { readonly stack: Parameters<typeof planOf>[0]; readonly site: Site } {
  const made = page();
  new Postgres(around === undefined ? made.site : new Construct(made.site, around), id);
  return made;
}

const label = (stack: Parameters<typeof planOf>[0]) =>
  Object.values(all(stack, "hcloud_volume")).map((volume) => (volume["labels"] as Record<string, string>)["construct"]);

test("each volume says by a label which construct it belongs to, and a plan refuses any volume of the site without a construct", () => {
  const { stack } = database("Database");
  const [construct] = label(stack);
  expect(construct).toMatch(/^[0-9a-f]{16}$/);
  const kept = `contains(["${construct}"], lookup(one.labels, "construct", "")) || contains([], one.name)`;
  expect(held(stack, "hcloud_volumes")).toEqual({
    condition: `\${alltrue([for one in self.volumes : ${kept}])}`,
    error_message:
      "stack/Social: Hetzner has volumes of this site, with data, that are no longer on the page: " +
      `\${join(", ", sort([for one in self.volumes : one.name if !(${kept})]))} / if a tier or a construct around it has another id now, give ` +
      'it the old one back, or keep its volumes under the new one with cloud.formerly(tier, "OldId"); to give the data up, name these volumes ' +
      "in releasedVolumes of hetzner()",
  });
});

test("a page that has no volumes any more asks for those that it had", () => {
  expect(held(page().stack, "hcloud_volumes").condition).toContain('contains([], lookup(one.labels, "construct", ""))');
});

test("a tier, or something around it, under another id is another construct, even where its volumes would have the same names", () => {
  const labels = [database("Database"), database("Db"), database("Database", "Data"), database("Database", "Tier")];
  expect(new Set(labels.flatMap(({ stack }) => label(stack))).size).toBe(4);
  const names = labels.slice(2).map(({ stack }) => Object.values(all(stack, "hcloud_volume"))[0]!["name"]);
  expect(names).toEqual(["social-database-1-data", "social-database-1-data"]);
});

test("a released volume is not protected, and a plan may part from it", () => {
  const { stack, site } = page({ releasedVolumes: ["social-database-2-data"] });
  new Postgres(site, "Database", { replicas: 1 });
  const guards = Object.values(all(stack, "hcloud_volume")).map(({ name, delete_protection, lifecycle }) => [
    name,
    delete_protection,
    (lifecycle as { prevent_destroy: boolean }).prevent_destroy,
  ]);
  expect(guards).toEqual([
    ["social-database-1-data", true, true],
    ["social-database-2-data", false, false],
  ]);
  expect(held(stack, "hcloud_volumes").condition).toContain('|| contains(["social-database-2-data"], one.name)');
});

test("keys and images that the project has not are refused when the plan is made", () => {
  const { stack } = page({ ssh: { keys: ["admin", 'a"${b}'], from: [] }, image: "debian-31" });
  const keys = held(stack, "hcloud_ssh_keys");
  expect(keys.condition).toBe(
    '${length([for key in ["admin", "a\\"$${b}"] : key if !anytrue([for one in self.ssh_keys : one.name == key || tostring(one.id) == key])]) == 0}',
  );
  expect(keys.error_message).toMatch(/^stack\/Social: ssh.keys of Hetzner names keys that are not in the project: \$\{join/);
  expect(held(stack, "hcloud_images")).toEqual({
    condition: '${anytrue([for one in self.images : one.name == "debian-31" || tostring(one.id) == "debian-31"])}',
    error_message:
      'stack/Social: Hetzner has no image ${"debian-31"} / name one that the Console offers for a new server, such as debian-13, or the number ' +
      "of a snapshot",
  });
  expect((planOf(page().stack) as unknown as { data: object }).data).not.toHaveProperty("hcloud_ssh_keys");
});

const SLOT_OF_DATABASE = 56;

test("a renamed tier moves in Terraform's state with all that it has, and its volumes are known under their former construct", () => {
  const before = database("Database").stack;
  const { stack, site, cloud } = page();
  cloud.formerly(new Postgres(site, "Db", { slot: SLOT_OF_DATABASE }), "Database");
  const { moved } = JSON.parse(Testing.synth(stack)) as {
    readonly moved: readonly { readonly from: string; readonly to: string }[];
  };
  const was = JSON.parse(Testing.synth(before)) as { readonly resource: Readonly<Record<string, object>> };
  const types = ["hcloud_server", "hcloud_volume", "hcloud_volume_attachment"];
  expect(moved.map(({ from }) => from).sort()).toEqual(
    types.flatMap((type) => Object.keys(was.resource[type]!).map((name) => `${type}.${name}`)).sort(),
  );
  expect(moved.every(({ to }) => to.includes("Social_Db_1_Machine"))).toBe(true);
  expect(held(stack, "hcloud_volumes").condition).toContain(`"${label(before)[0]}"`);
  const address = (of: typeof stack) => Object.values(all(of, "hcloud_server")).map(({ network }) => network);
  expect(address(stack)).toEqual(address(before));
});

test("a renamed tier whose machines would get other addresses is refused with the slot that they have", () => {
  const { site, cloud } = page();
  cloud.formerly(new Postgres(site, "Db", { replicas: 1, quorum: new Etcd(site, "Etcd") }), "Database");
  expect(problems(site)).toEqual([
    `stack/Social/Db: formerly says that its id was "Database", under which its machines had other addresses / give it slot: ${SLOT_OF_DATABASE}, where they are`,
  ]);
});

test("formerly of what the page still has, or of what is not in a site of the cloud, is refused", () => {
  const { site, stack, cloud } = page();
  new Postgres(site, "Database");
  cloud.formerly(new Postgres(site, "Db", { slot: 1 }), "Database");
  expect(problems(site)).toEqual([
    'stack/Social/Db: formerly says that its id was "Database", and the page still has something of that id beside it / call formerly for a tier whose old id is no longer on the page',
  ]);
  expect(() => cloud.formerly(new Construct(stack, "Outside"), "Database")).toThrow(
    "stack/Outside: it is not inside a Site of this cloud / call formerly for a tier in such a Site",
  );
});

test("a renamed construct around tiers moves them as well, and asks for no slot, since names and addresses are as they were", () => {
  const { stack, site, cloud } = page();
  const around = new Construct(site, "Data");
  const range = site.range(around, "own", "own");
  new Machine(around, "own-1", { name: "own-1", role: "own", range, number: 1, size, disks: { data: Disk.gib(10) } });
  cloud.formerly(around, "Tier");
  expect(problems(site)).toEqual([]);
  expect((JSON.parse(Testing.synth(stack)) as { moved: unknown[] }).moved).toHaveLength(3);
});

test("the servers of a renamed pool serve under its former name until the new ones do, and its gate takes them away", () => {
  const { stack, site, cloud } = page();
  const front = pool(site, "front", 4);
  site.frontDoor.route("social.example", front, { port: 80, path: "/health", status: 200 });
  cloud.formerly(front, "web");
  const targets = all(stack, "hcloud_load_balancer_target");
  expect(Object.values(targets).map((target) => target["label_selector"])).toEqual([
    "site=social,pool=front",
    "site=social,pool=web",
  ]);
  const before = page();
  web(before.site, 4);
  expect(Object.keys(targets)).toContain(Object.keys(all(before.stack, "hcloud_load_balancer_target"))[0]);
  expect(JSON.stringify(all(stack, "terraform_data")["front_PoolSettled"])).toContain('"FORMER_POOLS":"web"');
  expect(planOf(stack).locals["Social_FrontDoor_social-exampleServers"]).toContain(
    'contains(["front", "web"], lookup(one.labels, "pool", ""))',
  );
});
