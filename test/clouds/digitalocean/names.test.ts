// How a droplet finds the others: its script with a real name server beside it.

import { ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack, Testing } from "cdktf";
import { NamesZone, PrivateNames, RECORD_SECONDS } from "../../../lib/clouds/digitalocean/names";
import { HostName, HostSpec } from "../../../lib/core/host-spec";
import { Problems } from "../../../lib/core/problems";
import { textOf } from "../../../lib/core/program";
import { DigStandIn, digStandIn } from "./dig";
import { Answer, nameServer, NameServer } from "./name-server";

const FULL = { database: "social-database-1.internal.social.example", redis: "social-redis-1.internal.social.example" };
const at = (...addresses: string[]): Answer => ({ addresses });

const HAS_DIG = spawnSync("dig", ["-v"]).status === 0;

/** A droplet's files and its name servers: the first listens at 127.0.0.1, the second at 127.0.0.2. */
class Droplet {
  readonly folder = mkdtempSync(join(tmpdir(), "names-"));
  readonly hosts = join(this.folder, "hosts");
  readonly proxy = join(this.folder, "haproxy.cfg");
  /** What podman has made of it for a container. */
  readonly container = join(this.folder, "container-hosts");
  second: NameServer | undefined;
  private readonly children: ChildProcess[] = [];

  private constructor(
    readonly first: NameServer,
    dig: string,
    private readonly standIn: DigStandIn | undefined,
  ) {
    writeFileSync(this.hosts, "127.0.0.1 localhost\n10.20.0.9 web # cdktf-mastodon\n");
    const bin = join(this.folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "dig"), `#!/bin/bash\n${dig}`);
    writeFileSync(join(bin, "systemctl"), `#!/bin/bash\necho "$@" >>"${this.folder}/systemctl"\n`);
    // One container runs, and one has just ended.
    const inspect = `[ "\${@: -1}" = running ] && echo "${this.container}"`;
    writeFileSync(
      join(bin, "podman"),
      `#!/bin/bash\nif [ "$*" = "ps -q" ]; then echo ended; [ ! -e "${this.container}" ] || echo running; else ${inspect}; fi\n`,
    );
    for (const name of ["dig", "systemctl", "podman"]) chmodSync(join(bin, name), 0o755);
  }

  static async with(zone: NameServer["zone"]): Promise<Droplet> {
    const server = await nameServer(zone);
    const standIn = HAS_DIG ? undefined : await digStandIn(server.port);
    const made = new Droplet(server, standIn?.script ?? `PATH=\${PATH#*:} exec dig -p ${server.port} "$@"\n`, standIn);
    droplets.push(made);
    return made;
  }

  async secondServer(zone: NameServer["zone"]): Promise<void> {
    this.second = await nameServer(zone, "127.0.0.2", this.first.port);
  }

  /** The script as the droplet has it, but for where its files are, who is asked and how long it waits. */
  start(word: string, change: Record<string, string> = {}) {
    const values: Record<string, string> = {
      HOSTS: this.hosts,
      PROXY: this.proxy,
      SERVERS: "127.0.0.1 127.0.0.2",
      PAUSE_SECONDS: "0.2",
      BOOT_SECONDS: "60",
      // The machine of the tests may be busy.
      SERVER_SECONDS: "30",
      ...change,
    };
    const text = Object.entries(values).reduce(
      (script, [name, value]) => script.replace(new RegExp(`^${name}=.*$`, "m"), `${name}='${value}'`),
      scriptOf([
        { name: "database-1", address: "" },
        { name: "redis-1", address: "" },
      ]),
    );
    const env = { ...process.env, PATH: `${join(this.folder, "bin")}:${process.env["PATH"]}` };
    const child = spawn("bash", ["-c", text, "private-names", word], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.children.push(child);
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (said += data.toString()));
    const end = new Promise<number | null>((done) => child.on("close", done));
    return { child, end, said: () => said };
  }

  async run(
    word = "once",
    change: Record<string, string> = {},
  ): Promise<{ readonly status: number | null; readonly said: string }> {
    const { end, said } = this.start(word, change);
    return { status: await end, said: said() };
  }

  /** The script's own lines. */
  get names(): readonly string[] {
    const [, block = ""] = /^# private names begin\n([^]*?)# private names end$/m.exec(readFileSync(this.hosts, "utf8")) ?? [];
    return block.split("\n").filter((line) => line !== "");
  }

  get restarts(): readonly string[] {
    const path = join(this.folder, "systemctl");
    return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
  }

  end(): void {
    for (const child of this.children) child.kill("SIGKILL");
    this.first.close();
    this.second?.close();
    this.standIn?.close();
    rmSync(this.folder, { recursive: true });
  }
}

function host(names: readonly HostName[]): HostSpec {
  return { name: "web", role: "web", names: () => names } as unknown as HostSpec;
}

function privateNames(zone: NamesZone | null = { zone: "social.example" }) {
  const stack = new TerraformStack(new App(), "stack");
  const problems = new Problems(stack);
  return {
    stack,
    problems,
    names: new PrivateNames(stack, { site: "social", cidr: "10.20.0.0/16", zone: zone ?? undefined, problems }),
  };
}

function scriptOf(names: readonly HostName[]): string {
  const file = privateNames()
    .names.steps(host(names))
    .first.find((step) => step.kind === "file" && step.path.endsWith("private-names"));
  return file?.kind === "file" ? textOf(file.content) : "";
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 400) throw new Error("it never came to hold");
    await new Promise((done) => setTimeout(done, 25));
  }
}

jest.setTimeout(60_000);
const droplets: Droplet[] = [];
afterEach(() => droplets.splice(0).forEach((one) => one.end()));

test("a droplet that boots before there are records waits, and goes on once each name has an address", async () => {
  const droplet = await Droplet.with({});
  const { end, said } = droplet.start("boot");
  await until(() => droplet.first.asked.length >= 4);
  expect(said()).toContain(
    "boot: waits for the address of database-1 (the zone has no such record); redis-1 (the zone has no such record)\n",
  );
  droplet.first.zone = { [FULL.database]: at("10.20.0.2") };
  await until(() => droplet.names.length === 1);
  droplet.first.zone = { [FULL.database]: at("10.20.0.2"), [FULL.redis]: at("10.20.255.254") };
  expect(await end).toBe(0);
  expect(droplet.names).toEqual(["10.20.0.2 database-1", "10.20.255.254 redis-1"]);
  // Nobody asks for recursion, and no other names are asked.
  expect([...new Set(droplet.first.asked)].sort()).toEqual([FULL.database, FULL.redis]);
});

test("a boot does not wait for ever, and says what is missing", async () => {
  const droplet = await Droplet.with({ [FULL.redis]: at("10.20.0.3") });
  const { status, said } = await droplet.run("boot", { BOOT_SECONDS: "1" });
  expect(status).toBe(1);
  expect(said).toContain("boot: no address after 1 s: database-1 (the zone has no such record)\n");
});

test("all other lines of /etc/hosts stay, and everybody may read it", async () => {
  const droplet = await Droplet.with({ [FULL.database]: at("10.20.0.2"), [FULL.redis]: at("10.20.0.3") });
  await droplet.run();
  await droplet.run();
  expect(readFileSync(droplet.hosts, "utf8")).toBe(
    "127.0.0.1 localhost\n10.20.0.9 web # cdktf-mastodon\n# private names begin\n10.20.0.2 database-1\n10.20.0.3 redis-1\n# private names end\n",
  );
  expect(statSync(droplet.hosts).mode & 0o777).toBe(0o644);
});

test.each<[string, Answer, string]>([
  ["an address outside the VPC", at("10.21.0.2"), "database-1: refused, since it is outside the network: 10.21.0.2"],
  ["the machine itself", at("127.0.0.1"), "database-1: refused, since it is outside the network: 127.0.0.1"],
  ["metadata's address", at("169.254.169.254"), "database-1: refused, since it is outside the network: 169.254.169.254"],
  [
    "several addresses",
    at("10.20.0.4", "10.20.0.5"),
    "database-1: refused, since it is not one address: 10.20.0.4,10.20.0.5, and 0 other records",
  ],
  [
    "an alias",
    { alias: "other.social.example", addresses: ["10.20.0.4"] },
    "database-1: refused, since it is not one address: none, and 2 other records",
  ],
])("%s is refused, said once, and the last good answer stays", async (_, answer, message) => {
  const droplet = await Droplet.with({ [FULL.database]: at("10.20.0.2"), [FULL.redis]: at("10.20.0.3") });
  await droplet.run();
  droplet.first.zone = { [FULL.database]: answer, [FULL.redis]: at("10.20.0.7") };
  await droplet.secondServer(droplet.first.zone);
  const { child, end, said } = droplet.start("keep");
  await until(() => droplet.second!.asked.length >= 3);
  child.kill();
  await end;
  expect(
    said()
      .split("\n")
      .filter((line) => line.startsWith("database-1: ")),
  ).toEqual([message]);
  // What is right of the same round is taken.
  expect(droplet.names).toEqual(["10.20.0.2 database-1", "10.20.0.7 redis-1"]);
});

test.each<[string, Answer | undefined]>([
  ["no server answers", undefined],
  ["the record is gone", { status: 3 }],
  ["the server fails", { status: 2 }],
  ["the server is none of the zone's", { ...at("10.20.0.66"), authority: false }],
  ["the record has no address", {}],
])("the last good answer stays if %s", async (_, answer) => {
  const droplet = await Droplet.with({ [FULL.database]: at("10.20.0.2"), [FULL.redis]: at("10.20.0.3") });
  await droplet.run();
  droplet.first.zone = { [FULL.database]: answer, [FULL.redis]: answer };
  await droplet.run("once");
  expect(droplet.names).toEqual(["10.20.0.2 database-1", "10.20.0.3 redis-1"]);
  // After a reboot without any name server the machine starts all the same.
  expect((await droplet.run("boot")).status).toBe(0);
});

test("a second server is asked for what the first does not know", async () => {
  const droplet = await Droplet.with({ [FULL.database]: at("10.20.0.2"), [FULL.redis]: undefined });
  await droplet.secondServer({ [FULL.redis]: at("10.20.0.3") });
  await droplet.run();
  expect(droplet.names).toEqual(["10.20.0.2 database-1", "10.20.0.3 redis-1"]);
  expect(droplet.second!.asked).toEqual([FULL.redis]);
});

test("a renewed machine is found, and HAProxy starts anew with its address", async () => {
  const droplet = await Droplet.with({ [FULL.database]: at("10.20.0.2"), [FULL.redis]: at("10.20.0.3") });
  writeFileSync(droplet.proxy, 'expect string "\\r\\n10.20.0.3\\r\\n"\nserver x 10.20.0.33:6379\n');
  await droplet.run();
  expect(droplet.restarts).toEqual([]);
  // The two have changed places.
  droplet.first.zone = { [FULL.database]: at("10.20.0.3"), [FULL.redis]: at("10.20.0.2") };
  const { said } = await droplet.run();
  expect(said).toBe("database-1 is at 10.20.0.3, was at 10.20.0.2\nredis-1 is at 10.20.0.2, was at 10.20.0.3\n");
  expect(droplet.names).toEqual(["10.20.0.3 database-1", "10.20.0.2 redis-1"]);
  expect(readFileSync(droplet.proxy, "utf8")).toBe('expect string "\\r\\n10.20.0.2\\r\\n"\nserver x 10.20.0.33:6379\n');
  expect(droplet.restarts).toEqual(["try-restart haproxy.service"]);
});

test("a renewed machine is found by containers that run already, in the file that is bound into them", async () => {
  const droplet = await Droplet.with({ [FULL.database]: at("10.20.0.2"), [FULL.redis]: at("10.20.0.3") });
  await droplet.run();
  writeFileSync(droplet.container, "127.0.0.1\tlocalhost\n10.20.0.9\tweb web-1\n10.20.0.2\tdatabase-1\n10.20.0.3\tredis-1\n");
  const { ino } = statSync(droplet.container);
  droplet.first.zone = { [FULL.database]: at("10.20.0.7"), [FULL.redis]: at("10.20.0.3") };
  await droplet.run();
  expect(readFileSync(droplet.container, "utf8")).toBe(
    "127.0.0.1\tlocalhost\n10.20.0.9\tweb web-1\n10.20.0.7\tdatabase-1\n10.20.0.3\tredis-1\n",
  );
  expect(statSync(droplet.container).ino).toBe(ino);
});

test("a look finds a renewed machine within two lifetimes of a record, also if two of three servers are silent", () => {
  const number = (name: string) =>
    Number(new RegExp(`^${name}='(\\d+)'$`, "m").exec(scriptOf([{ name: "database-1", address: "" }]))![1]);
  expect(number("PAUSE_SECONDS") + 2 * 3 * number("SERVER_SECONDS")).toBeLessThan(2 * RECORD_SECONDS);
});

test("records are made of the addresses that DigitalOcean computes, one for each machine that somebody calls", () => {
  const { stack, names } = privateNames();
  const hosts = [
    host([{ name: "redis-1", address: "${one}" }]),
    host([
      { name: "database-1", address: "${two}" },
      { name: "redis-1", address: "${one}" },
    ]),
  ];
  expect(names.records(hosts)).toHaveLength(2);
  const plan = JSON.parse(Testing.synth(stack)) as { resource: Record<string, Record<string, Record<string, unknown>>> };
  const record = (name: string, value: string) =>
    expect.objectContaining({ domain: "social.example", type: "A", name, value, ttl: 30 }) as unknown;
  expect(Object.values(plan.resource["digitalocean_record"]!)).toEqual([
    record("social-database-1.internal", "${two}"),
    record("social-redis-1.internal", "${one}"),
  ]);
  expect(plan.resource["digitalocean_domain"]).toBeUndefined();
});

test("without a zone the page is refused once a machine is to find another, and a zone of its own is made if asked for", () => {
  const without = privateNames(null);
  without.names.records([host([])]);
  expect(without.problems.all()).toEqual([]);
  without.names.records([host([{ name: "database-1", address: "${one}" }])]);
  expect(without.problems.all()).toEqual([
    "stack: no zone at DigitalOcean is named, and machines find each other by records in one / " +
      'give dns: digitalOceanDns({ zone: "social.example" }) if the domain stands at DigitalOcean; if not, ' +
      'names: { zone: "machines.social.example", create: true }, a zone for the machines alone, to which no registrar has to lead',
  ]);
  const own = privateNames({ zone: "machines.social.example", create: true });
  own.names.records([host([{ name: "database-1", address: "${one}" }])]);
  const plan = JSON.parse(Testing.synth(own.stack)) as {
    resource: Record<string, Record<string, { name: string; domain?: string }>>;
  };
  expect(Object.values(plan.resource["digitalocean_domain"]!).map(({ name }) => name)).toEqual(["machines.social.example"]);
  // The record has to wait for the zone.
  expect(Object.values(plan.resource["digitalocean_record"]!)[0]!.domain).toMatch(/^\$\{digitalocean_domain\..*\.name\}$/);
});

test("a zone that is no domain is refused, and a host that calls nobody asks nobody", () => {
  expect(privateNames({ zone: "Social.example" }).problems.all()[0]).toContain(
    'the zone of the machines\' names is "Social.example"',
  );
  expect(privateNames().names.steps(host([])).first).toEqual([]);
});

test("the boot text holds names, and no address of another machine", () => {
  const text = JSON.stringify(
    privateNames()
      .names.steps(host([{ name: "database-1", address: "10.20.0.2" }]))
      .first.map((step) => (step.kind === "file" ? textOf(step.content) : step)),
  );
  expect(text).toContain("database-1");
  expect(text).not.toContain("10.20.0.2");
});
