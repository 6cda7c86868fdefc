// `cdktf-mastodon inventory`, on a page that was written without a deploy and on what Terraform says of its state.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { Outputs, planned } from "../../lib/bin/deployed";
import { inventory, INVENTORY_USAGE } from "../../lib/bin/inventory";
import { Disk, Machine, Pool, Site, Size } from "../../lib";
import { Inventory } from "../../lib/core/inventory";
import { FakeCloud } from "../../lib/testing";
import { said } from "../said";

const out = mkdtempSync(join(tmpdir(), "inventory-"));
const stack = join(out, "stacks/stack");
const size = Size.of({ cpus: 1, gib: 2 });
beforeAll(() => {
  const app = new App({ outdir: out });
  const site = new Site(new TerraformStack(app, "stack"), "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version: "4.7.6",
  });
  const tier = new Construct(site, "Cellar");
  const range = site.range(tier, "own", "cellar", 1);
  new Machine(tier, "1", { name: "cellar-1", role: "own", range, number: 1, size, disks: { data: Disk.gib(5) } });
  new Pool(tier, "Hosts", { name: "taster", role: "own", range: site.range(tier, "own", "taster", 2), machines: 2, size });
  app.synth();
});
afterAll(() => rmSync(out, { recursive: true }));

const unit = { unit: "wine.service", what: "wine", tier: "stack/Social/Cellar", facts: { port: 1855, kinds: ["red", "white"] } };
const STANDS: Inventory = {
  format: 1,
  site: "social",
  path: "stack/Social",
  host: "www.social.example",
  facts: { domain: "social.example", version: "4.7.6" },
  cloud: "fake",
  network: "10.20.0.0/16",
  release: { version: "4.7.6", image: "registry.example/m:v4.7.6" },
  previous: [{ version: "4.7.5", image: "registry.example/m:v4.7.5" }],
  frontDoor: {
    routes: [{ host: "www.social.example", pool: "taster", port: 80, path: "/health" }],
    machine: { name: "front-door", address: "10.20.0.10", login: "enter front-door" },
  },
  tiers: [
    { path: "stack/Social/Cellar", id: "Cellar", kind: "Cellar", why: "keeps wine", hosts: ["cellar-1"] },
    { path: "stack/Social/Guest", id: "Guest", kind: "Guest", why: "drinks it", hosts: [] },
  ],
  machines: [
    {
      ...{
        name: "cellar-1",
        path: "stack/Social/Cellar/1",
        tier: "stack/Social/Cellar",
        role: "own",
        cpus: 1,
        gib: 2,
        number: 1,
        zone: 0,
      },
      ...{ address: "10.20.192.10", disks: [{ name: "data", gib: 5 }], onChange: "keep", older: true, renewAfter: [] },
      ...{
        login: "ssh root@203.0.113.7",
        renew: "a.b",
        units: [unit, { ...unit, unit: "guest.service", what: "guest", tier: "stack/Social/Guest", facts: {} }],
      },
    },
  ],
  pools: [
    {
      ...{
        name: "taster",
        path: "stack/Social/Tasters",
        role: "own",
        cpus: 1,
        gib: 2,
        units: [],
        size: 2,
        roll: "start-first",
        list: "list all",
      },
      members: [{ name: "taster-1", address: "10.20.192.20", login: "enter taster-1" }, { name: "taster-2" }],
    },
  ],
  renewal: ["cellar-1"],
};
const state =
  (...sites: readonly Inventory[]): Outputs =>
  () => ({
    status: 0,
    stderr: "",
    stdout: JSON.stringify({
      ...Object.fromEntries(sites.map((value) => [`${value.site}_inventory`, { value }])),
      other: { value: 1 },
    }),
  });
const run = (args: readonly string[], outputs: Outputs) => said(() => inventory(["--out", out, ...args], outputs));

test("what stands, to be read", () => {
  expect(run(["social"], state(STANDS))).toEqual({
    status: 0,
    said: `social: www.social.example, domain social.example, version 4.7.6, before it 4.7.5 (registry.example/m:v4.7.5), on the cloud fake in 10.20.0.0/16
  https://www.social.example leads to taster, port 80, checked at /health
  front door front-door at 10.20.0.10: enter front-door
Cellar, Cellar: keeps wine
  cellar-1 at 10.20.192.10: 1 CPU, 2 GiB, disk data 5 GiB
    older than the page
    wine.service: wine, port 1855, kinds red white
    guest.service: guest
    ssh root@203.0.113.7
    made anew by -replace=a.b
Guest, Guest: drinks it; on cellar-1
of no tier
  taster: 2 of 1 CPU, 2 GiB, start-first
    taster-1 at 10.20.192.20: enter taster-1
    taster-2
    listed by list all
Kept machines are renewed one at a time: cellar-1
`,
  });
});

test("as JSON for other programs: of one site itself, of all by name", () => {
  expect(JSON.parse(run(["social", "--json"], state(STANDS)).said)).toEqual(STANDS);
  const other = { ...STANDS, site: "other" };
  expect(JSON.parse(run(["--json"], state(STANDS, other)).said)).toEqual({ social: STANDS, other });
});

test("as a file for other programs, which is replaced as a whole", () => {
  const file = join(out, "inventory.json");
  expect(run(["social", "--file", file], state({ ...STANDS, network: "10.30.0.0/16" }))).toEqual({ status: 0, said: "" });
  expect(run(["social", "--file", file], state(STANDS))).toEqual({ status: 0, said: "" });
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(STANDS);
  const both = run(["--file", file, "--json"], state(STANDS));
  expect(both).toEqual({ status: 0, said: readFileSync(file, "utf8") });
  expect(JSON.parse(both.said)).toEqual({ social: STANDS });
  const nowhere = join(out, "nowhere/inventory.json");
  const { status, said } = run(["--file", nowhere], state(STANDS));
  expect([status, said]).toEqual([
    1,
    `${nowhere} cannot be written: ENOENT: no such file or directory, open '${nowhere}.new' / name a file in a directory that is there\n`,
  ]);
});

test("Terraform is asked in the directory of each stack with a site", () => {
  const asked: string[] = [];
  run([], (at) => (asked.push(at), state(STANDS)(at)));
  expect(asked).toEqual([stack]);
  expect(planned(out).map(({ stack, inventory }) => [stack, inventory.site, inventory.cloud])).toEqual([
    [stack, "social", "fake"],
  ]);
});

test("what cannot be printed is told with what to do", () => {
  const words = (args: readonly string[], outputs: Outputs) => {
    const { status, said } = run(args, outputs);
    return [status, said.trimEnd()];
  };
  expect(words(["elsewhere"], state(STANDS))).toEqual([1, 'there is no deployed site "elsewhere" / name one that is: social']);
  expect(words([], state())).toEqual([
    1,
    `no site of ${out} is deployed with an inventory / npx cdktf deploy, also where an older version has deployed it`,
  ]);
  expect(words([], state({ ...STANDS, format: 2 }))).toEqual([
    1,
    "the inventory of social has the format 2, and this version of the library reads 1 / use the version that has deployed it, or deploy with this one",
  ]);
  expect(
    words([], () => ({
      status: 1,
      stdout: "",
      stderr: '\nError: Backend initialization required, please run "terraform init"\n\nReason: …\n',
    })),
  ).toEqual([
    1,
    `nothing has been deployed from this directory / npx cdktf deploy; or, if it was deployed elsewhere: terraform -chdir=${stack} init`,
  ]);
  expect(words([], () => ({ status: 1, stdout: "", stderr: "\nError: Error loading state: access denied\n" }))).toEqual([
    1,
    `the state of ${stack} cannot be read / do what Terraform says\nError: Error loading state: access denied`,
  ]);
  expect(words([], () => ({ status: null, stdout: "", stderr: "" }))).toEqual([
    1,
    `the state of ${stack} cannot be read / install Terraform, or name it by TERRAFORM_BINARY_NAME: it could not be started`,
  ]);
  expect(words(["a", "b"], state())).toEqual([2, `${INVENTORY_USAGE}\n"b" is one word too many`]);
  expect(said(() => inventory(["--out", join(out, "nowhere")]))).toEqual({
    status: 1,
    said: `${join(out, "nowhere")} holds no plan of a site with an inventory; npx cdktf synth writes one, in the directory of cdktf.json\n`,
  });
});
