import { Postgres } from "../../../lib";
import { all, page, planOf, pool, problems, web } from "./page";

test("members get their address from their tier's own subnet, and their generation into their name", () => {
  const { stack, site } = page();
  pool(site, "web");
  const member = all(stack, "hcloud_server")["web_Pool"]!;
  expect(member["network"]).toEqual([
    {
      network_id: "${hcloud_network.Social_Network.id}",
      subnet_id: "${hcloud_network_subnet.Social_Subnet-10-20-72-128-25.id}",
      alias_ips: [],
    },
  ]);
  expect(member["name"]).toBe("social-web-${count.index + 1}-${local.Social_web_PoolGeneration}");
  expect(member["labels"]).toEqual({ site: "social", role: "web", pool: "web" });
});

// A member with a block of its own would be deleted as soon as a smaller page has it no longer, before any gate, and without a shutdown.
test("members are instances of one resource, each shut down before it is deleted", () => {
  const { stack, site } = page();
  pool(site, "web", 6);
  expect(Object.keys(all(stack, "hcloud_server"))).toEqual(["web_Pool"]);
  expect(all(stack, "hcloud_server")["web_Pool"]).toMatchObject({
    count: 6,
    provisioner: [
      {
        "local-exec": {
          command: expect.stringMatching(/^exec node assets\/\S+\/gate\.mjs stop$/) as string,
          environment: { SERVER: "${self.id}", LIMIT_SECONDS: "180" },
          when: "destroy",
        },
      },
    ],
  });
});

test("all that replaces a server is in its text, so Terraform makes a new one and never switches one off for another type", () => {
  const made = (props: Parameters<typeof page>[0]) => {
    const { stack, site } = page(props);
    pool(site, "web");
    return planOf(stack).locals["Social_web_PoolBoot"]!.split("\n").at(-2);
  };
  expect(made({})).toBe("# cpx12 debian-13 fsn1 ipv4+ipv6 10.20.72.128/25");
  const others = [
    made({ location: "nbg1" }),
    made({ image: "debian-14" }),
    made({ cpus: "arm" }),
    made({ addresses: "ipv4" }),
    made({ ssh: { keys: ["admin"], from: [] } }),
  ];
  expect(new Set([made({}), ...others]).size).toBe(6);
});

// A page that is taken back after a failed gate has the text of servers that still stand.
test("every attempt has names of its own, also one with an earlier text", () => {
  const { stack, site } = page();
  pool(site, "web");
  expect(planOf(stack).locals["Social_web_PoolGeneration"]).toBe("${substr(terraform_data.Social_web_PoolRenewal.id, 0, 6)}");
  expect(all(stack, "terraform_data")["web_PoolRenewal"]).toEqual({
    triggers_replace: { boot: "${local.Social_web_PoolBootHash}" },
  });
});

test("new members before old ones; the scheduler's old one goes first", () => {
  const { stack, site } = page();
  pool(site, "web");
  pool(site, "scheduler", 1, "stop-first");
  const made = all(stack, "hcloud_server");
  expect(made["web_Pool"]!["lifecycle"]).toEqual({
    create_before_destroy: true,
    ignore_changes: ["user_data"],
    replace_triggered_by: ["terraform_data.Social_web_PoolRenewal"],
  });
  expect(made["scheduler_Pool"]!["lifecycle"]).toMatchObject({ create_before_destroy: false });
});

test("pools that leave the page are shut down when the gates of their role have passed, and Terraform ends them after that", () => {
  const { stack, site } = page();
  web(site);
  pool(site, "jobs", 1);
  pool(site, "more", 1);
  const { "Retired-sidekiq": retired, "Served-sidekiq": served, "Served-web": other } = all(stack, "terraform_data");
  expect(retired).toEqual({
    triggers_replace: { pools: "jobs more" },
    depends_on: ["terraform_data.Social_jobs_PoolSettled", "terraform_data.Social_more_PoolSettled"],
    provisioner: [
      {
        "local-exec": {
          command: expect.stringMatching(/^exec node assets\/\S+\/gate\.mjs retire$/),
          environment: {
            SITE: "social",
            ROLE: "sidekiq",
            POOLS: "jobs more",
            LIMIT_SECONDS: "180",
            PAUSE_SECONDS: "5",
            WAITING: "assets/Social_GateWaiting/1/waiting.mjs",
            STOP_SECONDS: "180",
          },
          when: "create",
        },
      },
    ],
  });
  // Not replaced but changed: after a gate that failed it must still know what it depended on.
  expect(served).toEqual({
    input: { pools: "jobs more" },
    depends_on: [...(retired!["depends_on"] as readonly string[]), "terraform_data.Social_Retired-sidekiq"],
  });
  expect(other!["depends_on"]).toEqual(["terraform_data.Social_web_PoolSettled", "terraform_data.Social_Retired-web"]);
});

test("a gate asks the route's load balancer, and is made anew with its members", () => {
  const { stack, site } = page({ readySeconds: 60 });
  web(site);
  const gate = all(stack, "terraform_data")["web_PoolSettled"]!;
  const door = "Social_FrontDoor_social-example";
  expect(gate).toEqual({
    triggers_replace: {
      members: '${join(" ", hcloud_server.Social_web_Pool[*].id)}',
      doors: `\${hcloud_load_balancer_service.${door}Service.id} \${hcloud_load_balancer_target.${door}Target-web.id}`,
    },
    provisioner: [
      {
        "local-exec": {
          command: expect.stringMatching(/^exec node assets\/\S+\/gate\.mjs serve$/),
          environment: {
            SITE: "social",
            POOL: "web",
            FORMER_POOLS: "",
            SERVERS:
              '${join(" ", formatlist("%s=%s", hcloud_server.Social_web_Pool[*].name, hcloud_server.Social_web_Pool[*].id))}',
            DOORS: `\${hcloud_load_balancer.${door}.id}:80`,
            LIMIT_SECONDS: "60",
            PAUSE_SECONDS: "5",
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

test("a gate spreads create_before_destroy to nothing: it has none itself", () => {
  const { stack, site } = page();
  web(site);
  expect(all(stack, "terraform_data")["web_PoolSettled"]!["lifecycle"]).toBeUndefined();
});

test("a gate waits for every kept machine with its disks, so that one which cannot be made is told at once", () => {
  const { stack, site } = page();
  web(site);
  new Postgres(site, "Database", { replicas: 1 });
  expect(all(stack, "terraform_data")["web_PoolSettled"]!["depends_on"]).toEqual([
    "hcloud_server.Social_Database_1_Machine",
    "hcloud_volume_attachment.Social_Database_1_MachineAttached1",
    "hcloud_server.Social_Database_2_Machine",
    "hcloud_volume_attachment.Social_Database_2_MachineAttached1",
  ]);
});

// The account's 3600 requests an hour come back one a second, and Terraform needs some as well.
test("gates that wait together ask Hetzner at most three times in four seconds", () => {
  const pauses = (pools: number) => {
    const { stack, site } = page();
    for (let n = 0; n < pools; n++) pool(site, `own-${n}`, 1);
    const gates = Object.entries(all(stack, "terraform_data")).filter(([name]) => name.endsWith("Settled"));
    const found = gates.map(([, gate]) => /"PAUSE_SECONDS":"(\d+)"/.exec(JSON.stringify(gate))![1]);
    return [...new Set(found)];
  };
  expect([1, 3, 5, 12].map(pauses)).toEqual([["5"], ["5"], ["8"], ["19"]]);
});

test("pools without a route are seen by a load balancer that the world does not reach, at the port where they answer", () => {
  const { stack, site } = page();
  web(site);
  const jobs = pool(site, "jobs");
  pool(site, "mail");
  expect(all(stack, "hcloud_load_balancer_network")["InternalBalancerNetwork"]).toMatchObject({ enable_public_interface: false });
  expect(all(stack, "hcloud_load_balancer_service")["InternalBalancerService"]).toMatchObject({
    listen_port: 9180,
    health_check: {
      protocol: "http",
      port: 9180,
      interval: 15,
      timeout: 10,
      retries: 1,
      http: { path: "/", status_codes: ["200"] },
    },
  });
  const targets = Object.values(all(stack, "hcloud_load_balancer_target")).map((target) => target["label_selector"]);
  expect(targets).toEqual(["site=social,pool=web", "site=social,pool=jobs", "site=social,pool=mail"]);
  const gate = JSON.stringify(all(stack, "terraform_data")["jobs_PoolSettled"]);
  expect(gate).toContain("${hcloud_load_balancer.Social_InternalBalancer.id}:9180");
  expect(jobs.bootText()).toContain("ip saddr { 10.20.0.0/20 } tcp dport 9180 accept");
});

test("there is no such load balancer when every pool has a route", () => {
  const { stack, site } = page();
  web(site);
  expect(Object.keys(all(stack, "hcloud_load_balancer"))).toEqual(["FrontDoor_social-example"]);
});

test("a pool depends on no kept machine, else create_before_destroy would make two machines over one disk", () => {
  const { stack, site } = page();
  const database = new Postgres(site, "Database");
  database.reachedBy(pool(site, "web"), "web reads and writes");
  const words = JSON.stringify(all(stack, "hcloud_server")["web_Pool"]) + planOf(stack).locals["Social_web_PoolBoot"];
  expect([...words.matchAll(/hcloud_(?:server|volume)\.(\w+)/g)]).toEqual([]);
});

test("three generations of a pool find room in its spread groups: the old one, one that failed, and the mended one", () => {
  const { stack, site } = page();
  pool(site, "web", 11);
  pool(site, "scheduler", 1, "stop-first");
  const group = (name: string) => `hcloud_placement_group.Social_Spread-${name}.id`;
  const [first, ...others] = [1, 2, 3, 4].map((n) => group(`web-10-20-72-128-25-${n}`));
  expect(all(stack, "hcloud_server")).toMatchObject({
    web_Pool: { placement_group_id: `\${[${[first, ...others].join(", ")}][floor(count.index / 3)]}` },
    scheduler_Pool: { placement_group_id: expect.stringMatching(/^\$\{hcloud_placement_group\.[\w-]+-1\.id\}$/) as string },
  });
});

test("more than Hetzner allows is refused with the number, the limit and the way out", () => {
  const { site } = page({ serverLimit: 60 });
  web(site, 55);
  pool(site, "large", 58);
  expect(problems(site)).toEqual([
    "stack/Social/FrontDoor/Door: the load balancer social-example reaches 165 servers while its pools roll, and lb31 takes 150 / use fewer and larger machines",
    "stack/Social: the load balancer internal reaches 174 servers while its pools roll, and lb31 takes 150 / use fewer and larger machines",
    "stack/Social: the page has 226 servers while all pools roll, and serverLimit is 60 / ask Hetzner for more in the Console under Limits and raise serverLimit, or use fewer and larger machines",
    "stack/Social: the network has 228 servers and load balancers while all pools roll, and takes 100 / use fewer and larger machines",
  ]);
});

// The pages of a test have no servers at Hetzner, so of the expression the part for what stands is read.
test("a load balancer is as large as the pool while it rolls, larger if more servers stand, and no pool is larger than the largest", () => {
  const type = (machines: number) => {
    const { stack, site } = page();
    web(site, machines);
    return all(stack, "hcloud_load_balancer")["FrontDoor_social-example"]!["load_balancer_type"];
  };
  const counted = "local.Social_FrontDoor_social-exampleServers";
  const small = `\${${counted} <= 25 ? "lb11" : ${counted} <= 75 ? "lb21" : "lb31"}`;
  const middle = `\${${counted} <= 75 ? "lb21" : "lb31"}`;
  expect([8, 9, 25, 26].map(type)).toEqual([small, middle, middle, "lb31"]);
  const { stack, site } = page();
  web(site, 8);
  expect(planOf(stack).locals["Social_FrontDoor_social-exampleServers"]).toBe(
    '${length([for one in data.hcloud_servers.Social_Servers.servers : one if contains(["web"], lookup(one.labels, "pool", "")) || ' +
      'contains(["web"], lookup(one.labels, "role", "")) && !contains(["", "web"], lookup(one.labels, "pool", ""))]) + 8}',
  );
  const many = page({ serverLimit: 1000 });
  for (const name of ["a", "b", "c", "d"]) pool(many.site, name, 20);
  expect(problems(many.site).join()).toContain(
    "the load balancer internal reaches 240 servers while its pools roll, and lb31 takes 150 / use fewer and larger machines",
  );
});

test("placement groups, subnets and load balancers are counted", () => {
  const { site } = page({ serverLimit: 1000 });
  for (let n = 0; n < 51; n++) {
    const name = `own-${n}`;
    const made = pool(site, name, 1);
    if (n < 21) site.frontDoor.route(`h${n}.social.example`, made, { port: 80, path: "/", status: 200 });
  }
  const heard = problems(site).filter((problem) => !problem.includes("slot"));
  expect(heard.join("\n")).toMatch(/there are 51 placement groups, and a project takes 50/);
  expect(heard.join("\n")).toMatch(/the network has 52 subnets, and takes 50/);
  expect(heard.join("\n")).toMatch(/there are 22 load balancers, and a project takes 20/);
});

test("the last word on a server is the page's", () => {
  const { stack, site, cloud } = page({ tune: { server: (config, { name }) => ({ ...config, backups: name === "web" }) } });
  const made = pool(site, "web", 1);
  expect(all(stack, "hcloud_server")["web_Pool"]).toMatchObject({ backups: true, server_type: "cpx12" });
  expect(cloud.resourcesOf(made).servers.map((server) => server.serverType)).toHaveLength(1);
  expect(cloud.resourcesOf(made).volumes).toEqual([]);
});

test("sizes are checked where the pool stands", () => {
  const { site } = page({ location: "ash", cpus: "arm" });
  pool(site, "web");
  expect(problems(site)).toEqual([
    "stack/Social/web: its CPUs are to be arm, which Hetzner does not offer in ash / use shared or dedicated there, or one of the locations fsn1, nbg1, hel1",
  ]);
});
