import { Postgres } from "../../../lib";
import { all, page, planOf, pool, web } from "./page";

const CALL = { command: expect.stringMatching(/^exec node assets\/\S+\/gate\.mjs/) as string };

test("members are instances of one resource, made anew before the old ones go, each shut down before it is deleted", () => {
  const { stack, site } = page();
  web(site, 6);
  expect(all(stack, "digitalocean_droplet")["web_Pool"]).toMatchObject({
    count: 6,
    name: "social-web-${count.index + 1}-${local.Social_web_PoolGeneration}",
    lifecycle: {
      create_before_destroy: true,
      replace_triggered_by: ["terraform_data.Social_web_PoolRenewal"],
      ignore_changes: ["user_data"],
    },
    provisioner: [{ "local-exec": { ...CALL, environment: { DROPLET: "${self.id}", LIMIT_SECONDS: "180" }, when: "destroy" } }],
  });
  pool(site, "scheduler", 1, "stop-first");
  expect(all(stack, "digitalocean_droplet")["scheduler_Pool"]!["lifecycle"]).toMatchObject({ create_before_destroy: false });
});

test("every attempt has names of its own, also one with an earlier text", () => {
  const { stack, site } = page();
  pool(site, "web");
  expect(planOf(stack).locals["Social_web_PoolGeneration"]).toBe("${substr(terraform_data.Social_web_PoolRenewal.id, 0, 6)}");
  expect(all(stack, "terraform_data")["web_PoolRenewal"]).toEqual({
    triggers_replace: { boot: "${local.Social_web_PoolBootHash}" },
  });
});

// In place Terraform would switch all members off together to give them another size.
test("all that replaces a droplet is in its text", () => {
  const made = (props: Parameters<typeof page>[0]) => {
    const { stack, site } = page(props);
    pool(site, "web");
    return planOf(stack).locals["Social_web_PoolBoot"]!.split("\n").at(-2);
  };
  expect(made({})).toBe("# s-1vcpu-1gb debian-13-x64 fra1 ipv6");
  const others = [
    made({ region: "ams3" }),
    made({ image: "debian-14-x64" }),
    made({ cpus: "premium" }),
    made({ ipv6: false }),
    made({ monitoring: true }),
    made({ ssh: { keys: ["admin"], from: [] } }),
  ];
  expect(new Set([made({}), ...others]).size).toBe(7);
});

test("pools that leave the page are shut down when the gates of their role have passed, and Terraform ends them after that", () => {
  const { stack, site } = page();
  web(site);
  pool(site, "jobs", 1);
  pool(site, "more", 1);
  const { "Retired-sidekiq": retired, "Served-sidekiq": served } = all(stack, "terraform_data");
  expect(retired).toEqual({
    triggers_replace: { pools: "jobs more" },
    depends_on: ["terraform_data.Social_jobs_PoolSettled", "terraform_data.Social_more_PoolSettled"],
    provisioner: [
      {
        "local-exec": {
          ...CALL,
          environment: {
            ROLE: "sidekiq",
            ROLE_TAG: "${digitalocean_tag.Social_Tag-role-sidekiq.name}",
            POOL_TAGS: "${digitalocean_tag.Social_Tag-pool-jobs.name} ${digitalocean_tag.Social_Tag-pool-more.name}",
            SITE_TAG: "${digitalocean_tag.Social_Tag-.name}",
            LIMIT_SECONDS: "180",
            PAUSE_SECONDS: "15",
            WAITING: "assets/Social_GateWaiting/1/waiting.mjs",
            STOP_SECONDS: "180",
          },
          when: "create",
        },
      },
    ],
  });
  expect(served).toEqual({
    input: { pools: "jobs more" },
    depends_on: [...(retired!["depends_on"] as readonly string[]), "terraform_data.Social_Retired-sidekiq"],
  });
  // By these words the gate knows the tags of pools, of routes and of the internal balancer.
  const tags = Object.values(all(stack, "digitalocean_tag")).map(({ name }) => name);
  expect(tags).toEqual(expect.arrayContaining(["social-pool-web", "social-route-social-example", "social-internal"]));
});

test("a gate asks the route's load balancer, and is made anew with its members", () => {
  const { stack, site } = page({ readySeconds: 700 });
  web(site);
  const members = "digitalocean_droplet.Social_web_Pool";
  const balancer = "${digitalocean_loadbalancer.Social_FrontDoor_social-example.id}";
  expect(all(stack, "terraform_data")["web_PoolSettled"]).toEqual({
    triggers_replace: { members: `\${join(" ", ${members}[*].id)}`, balancers: balancer },
    provisioner: [
      {
        "local-exec": {
          ...CALL,
          environment: {
            POOL: "web",
            POOL_TAG: "${digitalocean_tag.Social_Tag-pool-web.name}",
            SERVING_TAGS: "${digitalocean_tag.Social_Tag-route-social-example.name}",
            DROPLETS: `\${join(" ", formatlist("%s=%s", ${members}[*].name, ${members}[*].id))}`,
            BALANCERS: balancer,
            LIMIT_SECONDS: "700",
            PAUSE_SECONDS: "15",
            WAITING: "assets/Social_GateWaiting/1/waiting.mjs",
            STOP_SECONDS: "180",
          },
          when: "create",
        },
      },
    ],
    depends_on: [],
  });
});

// Terraform spreads create_before_destroy to all that a pool depends on: a renewed kept machine would stand beside the old one over one disk.
test("a gate waits for every kept machine and its name; the members for neither", () => {
  const { stack, site } = page();
  const made = web(site);
  const db = new Postgres(site, "Database", { replicas: 1 });
  db.reachedBy(made, "a probe");
  expect(all(stack, "terraform_data")["web_PoolSettled"]!["depends_on"]).toEqual([
    "digitalocean_droplet.Social_Database_1_Machine",
    "digitalocean_droplet.Social_Database_2_Machine",
    expect.stringMatching(/^digitalocean_record\.Social_Names_database-1/),
    expect.stringMatching(/^digitalocean_record\.Social_Names_database-2/),
  ]);
  const members = JSON.stringify(all(stack, "digitalocean_droplet")["web_Pool"]);
  expect(members).not.toMatch(/digitalocean_droplet\.Social_Database|digitalocean_record/);
});

test("the internal balancer checks all pools without a route, at the port of the health check", () => {
  const { stack, site } = page();
  web(site);
  const jobs = pool(site, "jobs");
  pool(site, "mail");
  const port = 9180;
  expect(all(stack, "digitalocean_loadbalancer")["InternalBalancer"]).toMatchObject({
    name: "social-internal",
    network: "INTERNAL",
    network_stack: "IPV4",
    size_unit: 1,
    droplet_tag: "${digitalocean_tag.Social_Tag-internal.name}",
    forwarding_rule: [{ entry_protocol: "http", entry_port: port, target_protocol: "http", target_port: port }],
    healthcheck: { protocol: "http", port, path: "/" },
  });
  const made = all(stack, "digitalocean_droplet");
  for (const name of ["jobs", "mail"])
    expect(made[`${name}_Pool`]!["tags"]).toContain("${digitalocean_tag.Social_Tag-internal.name}");
  expect(made["web_Pool"]!["tags"]).not.toContain("${digitalocean_tag.Social_Tag-internal.name}");
  expect(JSON.stringify(all(stack, "terraform_data")["jobs_PoolSettled"])).toContain(
    '"BALANCERS":"${digitalocean_loadbalancer.Social_InternalBalancer.id}"',
  );
  // It can have any address of the VPC.
  expect(jobs.bootText()).toContain("    ip saddr { 10.20.0.0/16 } tcp dport 9180 accept\n");
});

test("a page whose pools all have routes pays for no load balancer besides", () => {
  const { stack, site } = page();
  web(site);
  expect(Object.keys(all(stack, "digitalocean_loadbalancer"))).toEqual(["FrontDoor_social-example"]);
});

test("gates that wait together ask DigitalOcean seldom enough for its 5000 requests an hour", () => {
  const { stack, site } = page();
  for (let n = 0; n < 20; n++) pool(site, `own-${n}`, 1);
  const gates = Object.entries(all(stack, "terraform_data")).filter(([name]) => name.endsWith("Settled"));
  expect(new Set(gates.map(([, gate]) => /"PAUSE_SECONDS":"(\d+)"/.exec(JSON.stringify(gate))![1]))).toEqual(new Set(["34"]));
});

test("the droplets that the account must allow are counted with every pool doubled", () => {
  const { stack, site } = page();
  web(site, 3);
  pool(site, "scheduler", 1, "stop-first");
  expect(JSON.stringify(planOf(stack))).toContain("self.droplet_limit >= 7");
});

test("the last word on a droplet is the page's", () => {
  const { stack, site, cloud } = page({ tune: { droplet: (config, { name }) => ({ ...config, backups: name === "web" }) } });
  const made = pool(site, "web", 1);
  expect(all(stack, "digitalocean_droplet")["web_Pool"]).toMatchObject({ backups: true });
  expect(cloud.resourcesOf(made).droplets).toHaveLength(1);
});
