import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack, Testing } from "cdktf";
import {
  Disk,
  mail,
  Machine,
  Pool,
  Postgres,
  Redis,
  s3Objects,
  Secret,
  SidekiqGroup,
  Site,
  SiteProps,
  Size,
  WebTier,
} from "../../lib";
import { local, LocalProps } from "../../lib/clouds/local";
import { haproxy } from "../../lib/clouds/local/haproxy";
import { pageProblems } from "../page-problems";

function page(props: LocalProps = {}, more: Partial<SiteProps> = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", {
    cloud: local(props),
    domain: "social.example",
    version: "4.7.6",
    queuesElsewhere: ["scheduler"],
    ...more,
  });
  return { stack, site };
}

interface Resource {
  readonly provisioner: readonly {
    readonly "local-exec": { readonly command: string; readonly environment: Record<string, string> };
  }[];
  readonly [argument: string]: unknown;
}

function resources(stack: TerraformStack): Record<string, Resource> {
  const plan = JSON.parse(Testing.synth(stack)) as { readonly resource: { readonly terraform_data: Record<string, Resource> } };
  // Without the hash that Terraform's names end with.
  return Object.fromEntries(
    Object.entries(plan.resource.terraform_data).map(([name, resource]) => [name.replace(/_[0-9A-F]{8}$/, ""), resource]),
  );
}

function withoutHashes(made: Record<string, Resource>): Record<string, Resource> {
  return JSON.parse(JSON.stringify(made).replaceAll(/_[0-9A-F]{8}\b/g, "")) as Record<string, Resource>;
}

const size = Size.of({ cpus: 1, gib: 1 });

function pool(site: Site, roll: "start-first" | "stop-first", machines = 2): Pool {
  return new Pool(site, "Web", { name: "web", role: "web", range: site.range(site, "web", "web"), machines, size, roll });
}

test("a kept machine stays when its boot text changes, and an output says that it is older than the page", () => {
  const { stack, site } = page();
  new Postgres(site, "Database");
  const { Social_Database_1_Machine: machine } = resources(stack);
  expect(machine!["lifecycle"]).toEqual({ ignore_changes: ["input"] });
  expect(machine!["triggers_replace"]).toEqual({ address: "10.20.30.10" });
  const plan = JSON.parse(Testing.synth(stack)) as { readonly output: Record<string, { readonly value: string }> };
  expect(plan.output["social_machines_older_than_the_page"]!.value.replaceAll(/_[0-9A-F]{8}/g, "")).toBe(
    '${{ for name, words in { "database-1" = terraform_data.Social_Database_1_Machine.output.boot == local.Social_Database_1_MachineBootHash ? "" : "-replace=terraform_data.Social_Database_1_Machine" } : name => words if words != "" }}',
  );
});

test("a kept machine's disk is a resource of its own, which neither the machine's renewal nor a new size touches", () => {
  const { stack, site } = page();
  new Postgres(site, "Database", { disk: Disk.gib(7) });
  const made = resources(stack);
  const after = (name: string) => String(made[name]!["depends_on"]).replaceAll(/_[0-9A-F]{8}/g, "");
  expect(made["Social_Database_1_Machinedata"]!.provisioner.map((one) => one["local-exec"].environment)).toEqual([
    { SITE: "${self.input.site}", DISK: "${self.input.disk}" },
  ]);
  expect(made["Social_Database_1_Machinedata"]!["triggers_replace"]).toBeUndefined();
  const sized = made["Social_Database_1_MachinedataSize"]!;
  expect(sized["triggers_replace"]).toEqual({ gib: 7 });
  expect(
    sized.provisioner.map((one) => [one["local-exec"].command.replace(/^.*local\.sh /, ""), one["local-exec"].environment]),
  ).toEqual([["disk create", { SITE: "social", DISK: "database-1-data", GIB: "7" }]]);
  expect(after("Social_Database_1_MachinedataSize")).toBe("terraform_data.Social_Database_1_Machinedata");
  expect(after("Social_Database_1_Machine")).toContain("terraform_data.Social_Database_1_MachinedataSize");
  expect(made["Social_Database_1_Machine"]!["triggers_replace"]).toEqual({ address: "10.20.30.10" });
  expect(made["Social_Database_1_Machine"]!.provisioner[0]!["local-exec"].environment).toMatchObject({
    NAME: "database-1",
    ADDRESS: "10.20.30.10",
    DISKS: "database-1-data=/srv/disks/data",
  });
});

test("members of a pool are one resource with a count: new ones first, named by their generation; the scheduler's old one first goes", () => {
  for (const roll of ["start-first", "stop-first"] as const) {
    const { stack, site } = page();
    pool(site, roll);
    const { Social_Web_Pool: members, Social_Web_PoolRenewal: renewal } = withoutHashes(resources(stack));
    expect(members).toMatchObject({
      count: 2,
      input: {
        site: "social",
        pool: "web",
        name: "web-${count.index + 1}-${substr(terraform_data.Social_Web_PoolRenewal.id, 0, 6)}",
      },
      lifecycle: {
        create_before_destroy: roll === "start-first",
        replace_triggered_by: ["terraform_data.Social_Web_PoolRenewal"],
      },
    });
    expect(members!["triggers_replace"]).toBeUndefined();
    // Not the text alone, so that going back to a text brings names that no member has.
    expect(renewal!["triggers_replace"]).toEqual({
      boot: "${local.Social_Web_PoolBootHash}",
      range: expect.stringMatching(/^10\.20\./) as string,
      name: "web",
    });
  }
});

test("a pool depends on no kept machine, else create_before_destroy would make two machines over one disk", () => {
  const { stack, site } = page();
  const database = new Postgres(site, "Database");
  database.reachedBy(pool(site, "start-first"), "web reads and writes");
  const { Social_Web_Pool: members } = withoutHashes(resources(stack));
  expect(new Set([...JSON.stringify(members).matchAll(/terraform_data\.(\w+)/g)].map((match) => match[1]))).toEqual(
    new Set(["Social_Network", "Social_Base", "Social_Images", "Social_Sweep", "Social_Web_PoolRenewal"]),
  );
});

test("a gate waits for every machine of the page, then gives the pool its traffic and removes what is not in it", () => {
  const { stack, site } = page();
  const web = pool(site, "start-first");
  site.frontDoor.route("social.example", web, { port: 80, path: "/health", status: 200 });
  new Machine(site, "Later", { name: "later", role: "own", range: site.range(site, "own", "later"), number: 1, size });
  const made = resources(stack);
  const gate = made["Social_Web_PoolSettled"]!;
  expect(String(gate["depends_on"])).toMatch(/^terraform_data\.Social_Booted_\w+$/);
  expect(
    String(made["Social_Booted"]!["depends_on"])
      .replaceAll(/_[0-9A-F]{8}/g, "")
      .split(","),
  ).toEqual(
    ["Social_Web_Pool", "Social_FrontDoor", "Social_Later_Machine", "Social_Later_MachineSettings"].map(
      (name) => `terraform_data.${name}`,
    ),
  );
  expect(gate.provisioner[0]!["local-exec"].command).toMatch(/local\.sh pool settle$/);
  expect(gate.provisioner[0]!["local-exec"].environment).toMatchObject({
    SITE: "social",
    POOL: "web",
    FRONT_DOOR: "front-door",
    TARGETS_BACKENDS: "social.example",
    LIMIT_SECONDS: "900",
    MEMBERS: expect.stringMatching(/^\$\{join\(" ", terraform_data\.Social_Web_Pool_\w+\[\*\]\.input\.name\)\}$/) as string,
  });
  expect(withoutHashes(made)["Social_Web_PoolSettled"]!["triggers_replace"]).toMatchObject({
    members: '${join(" ", terraform_data.Social_Web_Pool[*].id)}',
  });
});

test("what leaves the page is found by what stays, before anything new is made", () => {
  const { stack, site } = page();
  pool(site, "start-first");
  new Postgres(site, "Database");
  const { Social_Sweep: sweep } = resources(stack);
  expect(sweep!["triggers_replace"]).toEqual({ machines: "database-1", pools: "web" });
  expect(sweep!.provisioner[0]!["local-exec"].environment).toEqual({
    SITE: "social",
    KEEP_MACHINES: "database-1",
    KEEP_POOLS: "web",
    KEEP_ROLES: "web",
  });
});

test("pools that leave the page go when the gates of their role have passed", () => {
  const { stack, site } = page();
  pool(site, "start-first");
  new Postgres(site, "Database");
  const { "Social_Retired-web": retired, "Social_Served-web": served } = withoutHashes(resources(stack));
  expect(retired!["triggers_replace"]).toEqual({ pools: "web" });
  expect(retired!["depends_on"]).toEqual(["terraform_data.Social_Web_PoolSettled"]);
  expect(retired!.provisioner[0]!["local-exec"]).toMatchObject({
    command: expect.stringMatching(/local\.sh retire$/) as string,
    environment: { SITE: "social", ROLE: "web", KEEP_POOLS: "web" },
  });
  expect(served!["depends_on"]).toEqual(["terraform_data.Social_Web_PoolSettled", "terraform_data.Social_Retired-web"]);
});

test("the base holds what all programs name, and the store the images", () => {
  const { stack, site } = page({ images: "stand-in" });
  const web = pool(site, "start-first");
  web.program.add({ kind: "package", names: ["podman"] }, { kind: "image", names: ["example.org/a:1"] });
  new Postgres(site, "Database");
  const made = resources(stack);
  const packages = "nftables podman postgresql-17";
  expect(made["Social_Base"]!["triggers_replace"]).toEqual({ packages });
  expect(made["Social_Images"]!["triggers_replace"]).toEqual({ images: "example.org/a:1", source: "stand-in" });
});

test("no secret stands in the plan, and none is hidden so that the driver's lines are", () => {
  const { stack, site } = page();
  const web = pool(site, "start-first");
  const secret = new Secret(site, "probe_password", { length: 32, description: "A probe." });
  web.program.add({ kind: "file", path: "/etc/probe", content: () => `password ${secret}\n`, mode: "0600" });
  const plan = JSON.parse(Testing.synth(stack)) as { readonly locals: Record<string, string> };
  const text = Object.entries(plan.locals).find(([name]) => /^Social_Web_PoolBoot_/.test(name))![1];
  expect(text).toContain("password ${var.probe_password}");
  const { BOOT_TEXT } = resources(stack)["Social_Web_Pool"]!.provisioner[0]!["local-exec"].environment;
  expect(BOOT_TEXT).toMatch(/^\$\{nonsensitive\(sensitive\(base64gzip\(local\.Social_Web_PoolBoot_\w+\)\)\)\}$/);
});

test("a domain that is too long for a certificate's common name stands in its other names, and openssl is heard", () => {
  const domain = `${"a".repeat(63)}.example`;
  const { stack, site } = page({}, { domain });
  site.frontDoor.route(domain, pool(site, "start-first"), { port: 80, path: "/health", status: 200 });
  const plan = JSON.parse(Testing.synth(stack, true)) as { readonly locals: Record<string, string> };
  const text = Object.entries(plan.locals).find(([name]) => /^Social_FrontDoor_DoorBoot_/.test(name))![1];
  const [command] = /^ *COMMON_NAME=[^]*?\n *fi\n/m.exec(text)!;
  const directory = mkdtempSync(join(tmpdir(), "front-door-"));
  const run = spawnSync("bash", ["-ec", command.replaceAll("/etc/haproxy", directory)], { encoding: "utf8" });
  expect({ status: run.status, said: run.status === 0 ? "" : run.stderr }).toEqual({ status: 0, said: "" });
  const made = new X509Certificate(readFileSync(join(directory, "own.pem")));
  expect(made.subject).toBe("CN=cdktf-mastodon");
  expect(made.checkHost(domain, { subject: "never" })).toBe(domain);
  rmSync(directory, { recursive: true });
});

test("a host name that is too long for a file of the front door is refused", () => {
  const domain = [63, 63, 63, 50].map((length) => "a".repeat(length)).join(".");
  const { stack, site } = page({}, { domain });
  site.frontDoor.route(domain, pool(site, "start-first"), { port: 80, path: "/health", status: 200 });
  expect(pageProblems(() => Testing.synth(stack, true))).toEqual([
    `stack/Social/FrontDoor: the host name ${domain} has 242 characters / the local cloud takes at most 240`,
  ]);
});

test("limits that are no numbers are refused, all at once", () => {
  const { stack } = page({ memoryGib: 0.5, readySeconds: 0 });
  expect(pageProblems(() => Testing.synth(stack, true))).toEqual([
    "stack/Social: memoryGib of the local cloud is 0.5 / use a whole number from 1",
    "stack/Social: readySeconds of the local cloud is 0 / use a whole number from 1",
  ]);
});

test("a smaller disk is refused when the plan is made, by the size that the driver has written down", () => {
  const { stack, site } = page();
  new Postgres(site, "Database", { disk: Disk.gib(7) });
  const owner = "${terraform_data.Social_Owner.id}";
  const has = `try(tonumber(trimspace(file("/var/lib/cdktf-mastodon.sizes/${owner}/database-1-data"))), 0)`;
  const { lifecycle } = resources(stack)["Social_Database_1_MachinedataSize"]!;
  expect(JSON.parse(JSON.stringify(lifecycle).replaceAll(/_[0-9A-F]{8}(?=\.)/g, ""))).toEqual({
    precondition: [
      {
        condition: `\${${has} <= 7}`,
        error_message:
          `stack/Social/Database/1: the page gives the disk data 7 GiB, and it has \${${has}} / ` +
          `disks cannot shrink: give at least \${${has}} GiB, or make a new tier and move the data`,
      },
    ],
  });
});

/** A page whose processes keep files and send mail. */
function people(more: Partial<SiteProps> = {}, door = true) {
  const { stack, site } = page({}, { queuesElsewhere: [], ...more });
  const data = { database: new Postgres(site, "Database"), redis: new Redis(site, "Redis") };
  const web = door ? new WebTier(site, "Web", { machines: 1, ...data }) : undefined;
  const queues = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"] as const;
  const jobs = new SidekiqGroup(site, "Jobs", { queues, ...data });
  const directories = () =>
    Object.fromEntries(
      Object.entries(resources(stack)).flatMap(([name, { provisioner }]) => {
        const given = provisioner?.[0]?.["local-exec"].environment["DIRECTORIES"];
        return given === undefined ? [] : [[name, given]];
      }),
    );
  return { stack, site, web, jobs, directories };
}

const VOLUME = "/srv/files/system:/opt/mastodon/public/system";

test("without an object store web and Sidekiq share a directory of this host, administrator's commands included", () => {
  const { directories, web, jobs } = people();
  expect(directories()).toEqual({
    Social_FrontDoor: "mail=/srv/mail",
    Social_Web_Hosts_Pool: "files=/srv/files",
    Social_Jobs_Hosts_Pool: "files=/srv/files",
  });
  const lines = [web!, jobs].flatMap(({ pool }) =>
    pool
      .bootText()
      .split("\n")
      .filter((line) => line.includes(VOLUME)),
  );
  expect(lines.map((line) => line.trim().replace(/^exec podman .*-(-volume .*) ghcr\S+ (.*)$/, "$2: $1"))).toEqual([
    `Volume=${VOLUME}`,
    `bin/tootctl "$@": -volume ${VOLUME}`,
    `bundle exec rails "$@": -volume ${VOLUME}`,
    `Volume=${VOLUME}`,
  ]);
});

test("with an object store there is no such directory", () => {
  const objects = s3Objects({
    keys: { id: "key", secret: "secret" },
    bucket: "media",
    region: "eu-central-1",
    hostname: "s3.eu-central-1.amazonaws.com",
  });
  const { directories, web, jobs } = people({ objects });
  expect(directories()).toEqual({
    Social_FrontDoor: "mail=/srv/mail",
    Social_Web_Hosts_Pool: "",
    Social_Jobs_Hosts_Pool: "",
  });
  for (const { pool } of [web!, jobs]) expect(pool.bootText()).not.toContain("/srv/files");
});

test("mail that no server takes lands on the front door's machine, which only Sidekiq reaches", () => {
  const { stack, site, jobs } = people();
  expect(jobs.env.all).toMatchObject({ SMTP_SERVER: "10.20.0.10", SMTP_PORT: "1025" });
  expect(site.flows.filter(({ port }) => port === 1025)).toEqual([
    {
      from: { kind: "role", role: "sidekiq" },
      sources: ["10.20.128.0/18"],
      to: { kind: "managed", name: "mailbox" },
      port: 1025,
      why: "what Mastodon writes to people",
    },
  ]);
  const { locals } = JSON.parse(Testing.synth(stack)) as { readonly locals: Record<string, string> };
  const text = Object.entries(locals).find(([name]) => name.startsWith("Social_FrontDoor_DoorBoot_"))![1];
  expect(text).toContain("ip saddr { 10.20.128.0/18 } tcp dport 1025 accept");
  expect(text).toContain("-c aiosmtpd.handlers.Mailbox /srv/mail");
});

test("a page without a front door has a machine for mail at its address; one with a mail server has neither", () => {
  const alone = people({}, false);
  expect(alone.directories()).toEqual({ Social_mailbox: "mail=/srv/mail", Social_Jobs_Hosts_Pool: "files=/srv/files" });
  expect(resources(alone.stack)["Social_mailbox"]!.provisioner[0]!["local-exec"].environment).toMatchObject({
    NAME: "mailbox",
    ADDRESS: "10.20.0.10",
  });
  const settings = [mail({ server: "smtp.example", from: "hello@social.example" })];
  expect(people({ settings }, false).directories()).toEqual({ Social_Jobs_Hosts_Pool: "files=/srv/files" });
  expect(people({ settings }).directories()).toMatchObject({ Social_FrontDoor: "" });
});

test("the front door carries the WebSockets that the page asks for besides four thousand other connections", () => {
  const route = (host: string, clients?: number) => {
    const check = { port: 80, path: "/", status: 200 };
    return { host, pool: { name: "web" }, port: 80, check, clients };
  };
  const files = (...routes: ReturnType<typeof route>[]) => {
    const { steps } = haproxy("social.example", routes);
    const file = (path: RegExp) => {
      const found = steps.find((step) => step.kind === "file" && path.test(step.path));
      return found?.kind === "file" ? String(found.content) : undefined;
    };
    return {
      connections: /^ {2}maxconn (\d+)$/m.exec(file(/front\.cfg/)!)![1],
      files: /^LimitNOFILE=(\d+)$/m.exec(file(/limits\.conf/)!)![1],
      ports: file(/sysctl/),
    };
  };
  expect(files(route("social.example"), route("streaming.social.example"))).toEqual({
    connections: "4000",
    files: "16384",
    ports: undefined,
  });
  expect(files(route("social.example", 2000), route("live.social.example", 18_000))).toEqual({
    connections: "24000",
    files: "49024",
    ports: undefined,
  });
  expect(files(route("social.example", 30_000))).toEqual({
    connections: "34000",
    files: "69024",
    ports: "net.ipv4.ip_local_port_range = 10240 65535\n",
  });
});
