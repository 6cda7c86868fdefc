import { App, TerraformStack, Testing } from "cdktf";
import { Endpoint, Machine, Pool, Site, Size } from "../../lib";
import { FakeCloud, FakeCloudOptions } from "../../lib/testing";

const small = Size.of({ cpus: 1, gib: 1 });

/** A page of one database and two pools that reach it, in the order given. */
function page(order: readonly ("web" | "sidekiq" | "more")[], options: FakeCloudOptions & { readonly webs?: number } = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud(options);
  const site = new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6" });
  const database = new Machine(site, "Database", {
    name: "database-1",
    role: "postgres",
    range: site.range(site, "postgres", "database"),
    number: 1,
    size: small,
  });
  const endpoint = Endpoint.on(database, 5432, { host: "database-1" });
  for (const tier of order) {
    const pool = new Pool(site, tier, {
      name: tier,
      role: tier === "web" ? "web" : "sidekiq",
      range: site.range(site, tier === "web" ? "web" : "sidekiq", tier),
      machines: tier === "web" ? (options.webs ?? 2) : 1,
      size: small,
    });
    pool.program.add({ kind: "run", why: "hello", script: `echo ${endpoint.reachedBy(pool, "reads and writes").host}` });
  }
  return {
    stack,
    site,
    cloud,
    texts: Object.fromEntries([...cloud.machines, ...cloud.pools].map((spec) => [spec.name, spec.bootText()])),
  };
}

const flavours: FakeCloudOptions[] = [
  { addresses: "chosen", pools: "members" },
  { addresses: "computed", pools: "members" },
  { addresses: "chosen", pools: "group" },
  { addresses: "computed", pools: "group" },
];

describe.each(flavours)("on a cloud with $addresses addresses and pools as $pools", (flavour) => {
  test("one more machine in a pool changes no boot text at all", () => {
    expect(page(["web", "sidekiq"], { ...flavour, webs: 3 }).texts).toEqual(page(["web", "sidekiq"], flavour).texts);
  });

  test("the order of the page changes no boot text", () => {
    expect(page(["sidekiq", "web"], flavour).texts).toEqual(page(["web", "sidekiq"], flavour).texts);
  });

  test("one more tier of a role that is there already changes no other boot text", () => {
    const { more, ...others } = page(["web", "sidekiq", "more"], flavour).texts;
    expect(more).toBeDefined();
    expect(others).toEqual(page(["web", "sidekiq"], flavour).texts);
  });

  test("whoever asks for an endpoint can resolve its name and is let in, and nobody else", () => {
    const { cloud, texts } = page(["web"], flavour);
    expect(cloud.machines[0]?.openings()).toEqual([
      {
        from: { kind: "role", role: "web" },
        // Where addresses are computed, a web machine may have any of the network; the cloud's own firewall knows the role.
        sources: [flavour.addresses === "chosen" ? "10.20.64.0/19" : "10.20.0.0/16"],
        to: { kind: "host", name: "database-1", role: "postgres" },
        port: 5432,
        why: "reads and writes",
      },
    ]);
    expect(texts["web"]).toMatch(
      flavour.addresses === "chosen"
        ? /^ +10\.20\.(1[6-9]|2\d|3[01])\.\d+ database-1$/m
        : /^ +- path: \/etc\/fake-cloud\/names\n.*\n +content: \|\n +database-1$/m,
    );
    // An address that Terraform computes in the text of another machine is the beginning of a cycle.
    expect(texts["web"]).not.toContain("TfToken");
    expect(cloud.pools[0]?.openings()).toEqual([]);
  });
});

test("a page that is wrong in several places hears of all of them, and no plan is made", () => {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud({ bootTextBytes: 500 });
  const site = new Site(stack, "Social", { cloud, domain: "https://Social.example/", version: "4.7.6" });
  const range = site.range(site, "web", "web");
  new Pool(site, "Web", { name: "web", role: "web", range, machines: 0, size: small });
  new Pool(site, "Again", { name: "web", role: "web", range: site.range(site, "web", "web"), machines: 1, size: small });
  const heard = () => Testing.synth(stack, true);
  expect(heard).toThrow(/stack\/Social: domain is "https:\/\/Social.example\/" \/ give a lower-case host name/);
  expect(site.problems.all()).toEqual([
    expect.stringContaining("stack/Social: domain is"),
    expect.stringContaining("stack/Social/Web: machines is 0 / use a whole number from 1 to 58"),
    expect.stringMatching(
      /^stack\/Social: its addresses \(slot \d+ of web\) are those of stack\/Social \/ give one of the two a free slot/,
    ),
    expect.stringContaining("stack/Social/Again: the name web is already used by stack/Social/Web"),
    expect.stringMatching(/^stack\/Social\/Web: the boot text has \d+ bytes, and fake takes 500/),
    expect.stringMatching(/^stack\/Social\/Again: the boot text has \d+ bytes, and fake takes 500/),
  ]);
});
