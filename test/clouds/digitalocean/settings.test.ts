import { Testing } from "cdktf";
import { mail, Site, Size } from "../../../lib";
import { digitalocean } from "../../../lib/clouds/digitalocean";
import { dropletSize } from "../../../lib/clouds/digitalocean/sizes";
import { page, planOf, pool, problems, web, ZONE } from "./page";

test("what is no region, no number and no range is refused, all at once", () => {
  const ssh = { keys: [], from: ["203.0.113.7"] };
  const { site } = page({ region: "mars" as "fra1", readySeconds: 60, requestsPerSecond: 0.5, connections: 2_000_001, ssh });
  expect(problems(site)).toEqual([
    'stack/Social: region of DigitalOcean is "mars" / use one of ams3, blr1, fra1, lon1, nyc1, nyc3, sfo2, sfo3, sgp1, syd1, tor1',
    "stack/Social: readySeconds of DigitalOcean is 60 / use a whole number from 600",
    "stack/Social: requestsPerSecond of DigitalOcean is 0.5 / use a whole number from 1",
    "stack/Social: connections of DigitalOcean is 2000001 / use a whole number from 1 to 2000000",
    'stack/Social: ssh.from of DigitalOcean names "203.0.113.7" / use ranges that begin with their first address, such as 203.0.113.7/32 or 2001:db8::/48',
  ]);
});

test("the provider is the one whose schema is known, whatever its bindings ask for, and asks as often as DigitalOcean answers", () => {
  const { stack } = page();
  const { terraform } = JSON.parse(Testing.synth(stack)) as {
    readonly terraform: { readonly required_providers: Readonly<Record<string, object>> };
  };
  expect(terraform.required_providers["digitalocean"]).toEqual({ source: "digitalocean/digitalocean", version: "~> 2.99" });
  expect(planOf(stack).provider["digitalocean"]).toEqual([{ requests_per_second: 4 }]);
});

test("two sites of a stack share one provider and nothing else", () => {
  const { stack, site } = page();
  const other = { domain: "b.social.example", version: "4.7.6", queuesElsewhere: ["scheduler"], network: "10.30.0.0/16" };
  const second = new Site(stack, "Other", { cloud: digitalocean({ region: "ams3", dns: ZONE }), ...other } as never);
  web(site);
  second.frontDoor.route("b.social.example", pool(second, "web"), { port: 80, path: "/health", status: 200 });
  expect(planOf(stack).provider["digitalocean"]).toHaveLength(1);
  expect(() => Testing.synth(stack, true)).not.toThrow();
});

test("a network that DigitalOcean keeps for itself is refused", () => {
  expect(problems(page({}, { network: "10.244.0.0/16" } as never).site)).toEqual([
    "stack/Social: its network is 10.244.0.0/16, which DigitalOcean keeps for itself / give the site another network, such as 10.20.0.0/16",
  ]);
});

test("mail on a port that new accounts cannot use is refused with what works, once", () => {
  const sends = (port: number, mailPorts = false) => {
    const { site } = page({ mailPorts }, {
      settings: [mail({ server: "smtp.example.net", port, from: "a@social.example" })],
    } as never);
    const jobs = pool(site, "jobs");
    pool(site, "more");
    jobs.reaches({ kind: "external", name: "smtp.example.net" }, port, "mail");
    return problems(site);
  };
  expect(sends(587)).toEqual([
    "stack/Social/jobs: it sends mail to smtp.example.net on port 587, on which new accounts of DigitalOcean cannot / use a port that the mail " +
      "server offers besides, such as 2525, or say mailPorts: true once DigitalOcean's support has opened 25, 465, 587",
  ]);
  expect(sends(2525)).toEqual([]);
  expect(sends(587, true)).toEqual([]);
});

test.each([
  ["shared", 1, 1, "s-1vcpu-1gb"],
  ["shared", 2, 3, "s-2vcpu-4gb"],
  ["premium", 2, 8, "s-2vcpu-8gb-amd"],
  ["dedicated", 2, 4, "c-2"],
  ["dedicated", 2, 8, "g-2vcpu-8gb"],
  ["dedicated", 2, 16, "m-2vcpu-16gb"],
  ["dedicated", 4, 8, "c-4"],
] as const)("%s CPUs, %i of them, and %i GiB are the cheapest droplet that has both", (cpus, count, gib, slug) => {
  expect(dropletSize(cpus, Size.of({ cpus: count, gib }))).toMatchObject({ slug });
});

test("a size that no droplet has is refused with the largest", () => {
  expect(dropletSize("shared", Size.of({ cpus: 9, gib: 4 }))).toEqual({
    wrong: "DigitalOcean has no droplet with 9 shared CPUs and 4 GiB",
    remedy: "the largest is s-8vcpu-16gb with 8 and 16: use more and smaller machines, or dedicated CPUs",
  });
  expect(dropletSize("dedicated", Size.of({ cpus: 64, gib: 4 }))).toMatchObject({
    remedy: "the largest is m-32vcpu-256gb with 32 and 256: use more and smaller machines",
  });
});

test("CPUs are as asked, for all or by role", () => {
  const { stack, site } = page({ cpus: { web: "premium" } });
  web(site);
  pool(site, "jobs");
  const sizes = planOf(stack).resource["digitalocean_droplet"]!;
  expect(Object.values(sizes).map((droplet) => droplet["size"])).toEqual(["s-1vcpu-1gb", "s-1vcpu-1gb-amd"]);
});
