import { Etcd, Machine, Postgres, Redis } from "../../../lib";
import { all, page, pool, problems, size, web } from "./page";

interface Rule {
  readonly protocol: string;
  readonly port_range?: string;
}

type Stack = ReturnType<typeof page>["stack"];

/** The rules of a firewall by protocol and port, each with its peers. */
function rules(stack: Stack, tier: string, side: "inbound" | "outbound"): Readonly<Record<string, unknown>> {
  const found = all(stack, "digitalocean_firewall")[`Firewall-${tier}`]![`${side}_rule`] as readonly Rule[];
  return Object.fromEntries(
    found.map(({ protocol, port_range, ...peers }) => [`${protocol} ${port_range ?? ""}`.trim(), Object.values(peers).flat()]),
  );
}

const WORLD = ["0.0.0.0/0", "::/0"];
const tag = (name: string) => `\${digitalocean_tag.Social_Tag-${name}.name}`;
const balancer = (name: string) => `\${digitalocean_loadbalancer.Social_${name}.id}`;

test("a tier takes what the table of flows says, by roles and load balancers, and nothing of the world but pings", () => {
  const { stack, site } = page({ ssh: { keys: ["admin"], from: ["2001:db8::/32", "203.0.113.0/24"] } });
  const made = web(site);
  const db = new Postgres(site, "Database", { replicas: 1, quorum: new Etcd(site, "Etcd") });
  db.reachedBy(made, "a probe");
  pool(site, "jobs");
  const ssh = ["2001:db8::/32", "203.0.113.0/24"];
  expect(rules(stack, "pool-web", "inbound")).toEqual({
    icmp: WORLD,
    "tcp 22": ssh,
    "tcp 80": [balancer("FrontDoor_social-example")],
  });
  expect(rules(stack, "pool-jobs", "inbound")).toEqual({
    icmp: WORLD,
    "tcp 22": ssh,
    "tcp 9180": [balancer("InternalBalancer")],
  });
  expect(rules(stack, "machines-database", "inbound")).toEqual({
    icmp: WORLD,
    "tcp 22": ssh,
    "tcp 5432": ["pgbouncer", "postgres", "web"].map((role) => tag(`role-${role}`)),
    "tcp 8008": ["pgbouncer", "postgres", "web"].map((role) => tag(`role-${role}`)),
    "tcp 8009": ["pgbouncer", "web"].map((role) => tag(`role-${role}`)),
  });
});

test("a tier lets out what it calls: names, the time, packages and images to the world, and hosts of the site by their tags alone", () => {
  const { stack, site } = page();
  const made = web(site);
  const db = new Postgres(site, "Database", { replicas: 1, quorum: new Etcd(site, "Etcd") });
  db.reachedBy(made, "a probe");
  new Redis(site, "Redis");
  const everybody = { icmp: WORLD, "tcp 443": WORLD, "tcp 53": WORLD, "tcp 80": WORLD, "udp 123": WORLD, "udp 53": WORLD };
  expect(rules(stack, "pool-web", "outbound")).toEqual({
    ...everybody,
    "tcp 5432": [tag("machines-database")],
    "tcp 8008": [tag("machines-database")],
    "tcp 8009": [tag("machines-database")],
  });
  const redis = Object.fromEntries([6379, 6380, 6381, 26379].map((port) => [`tcp ${port}`, [tag("machines-redis")]]));
  expect(rules(stack, "machines-redis", "outbound")).toEqual({ ...everybody, ...redis });
});

test("a firewall covers its tier by one tag and no list of droplets, and stands before them", () => {
  const { stack, site } = page();
  web(site);
  const { tags, droplet_ids, name } = all(stack, "digitalocean_firewall")["Firewall-pool-web"]!;
  expect({ tags, droplet_ids, name }).toEqual({ tags: [tag("pool-web")], droplet_ids: undefined, name: "social-pool-web" });
  expect(all(stack, "digitalocean_droplet")["web_Pool"]!["depends_on"]).toEqual([
    "digitalocean_firewall.Social_Firewall-pool-web",
  ]);
});

test("one more tier of a role changes no firewall but its own", () => {
  const made = (more: boolean) => {
    const { stack, site } = page();
    web(site);
    pool(site, "jobs");
    if (more) pool(site, "mail");
    return all(stack, "digitalocean_firewall");
  };
  expect(made(true)).toMatchObject(made(false));
});

test("more rules than DigitalOcean takes are refused", () => {
  const { site } = page();
  const machine = new Machine(site, "Own", {
    name: "own-1",
    role: "own",
    range: site.range(site, "own", "own"),
    number: 1,
    size,
  });
  for (let port = 1000; port < 1045; port++) machine.open("web", port, "a probe");
  expect(problems(site)).toEqual([
    "stack/Social/Own: its firewall has 52 rules, and DigitalOcean takes 50 / use fewer ports, or put the machines into several tiers",
  ]);
});
