// Parts of the local cloud's driver that need no machine, called as the driver calls them.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const DRIVER = join(__dirname, "../../lib/clouds/local/driver");
const directory = mkdtempSync(join(tmpdir(), "driver-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs shell with all functions of the driver, and what it is told in its environment. */
function shell(script: string, environment: Readonly<Record<string, string>> = {}) {
  const parts = ["common", "network", "disk", "machine", "machine-commands", "inside", "pool", "clean"].map(
    (part) => `. ${DRIVER}/${part}.sh`,
  );
  const env = { PATH: process.env["PATH"]!, CDKTF_MASTODON_ROOT: directory, COMMAND: "test", SITE: "probe", ...environment };
  const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-c", ["set -euo pipefail", ...parts, script].join("\n")], {
    encoding: "utf8",
    env,
  });
  return { status, stdout, stderr };
}

test("a member that refuses to serve ends the wait for its pool at once, with its words", () => {
  const started = Date.now();
  const ready =
    'inside() { shift; [ "$MEMBER" = well ] || printf "PostgreSQL answers\\nrefused: the database is newer than 4.6.5\\nmore\\n"; [ "$MEMBER" = well ]; }';
  const asked =
    'readiness() { MEMBER=$1; words=$(inside "$1") && return; grep -m 1 "^refused: " <<<"$words"; return 1; }; weigh() { :; }';
  const { status, stdout, stderr } = shell(`${ready}\n${asked}\nPOOL=web MEMBERS="well ill" LIMIT_SECONDS=60\npool_gate`);
  expect({ status, stdout: stdout.replace(/\d+ s/, "N s"), stderr }).toEqual({
    status: 1,
    stdout: "web: well is ready (N s)\n",
    stderr:
      "local: the pool web did not settle, ill refuses to serve: the database is newer than 4.6.5; the members that served before are untouched\n",
  });
  expect(Date.now() - started).toBeLessThan(10_000);
});

test("of a machine's words on why it is not ready a refusal counts, else the last", () => {
  const said = (words: string) =>
    shell(`is_frozen() { false; }; is_cut() { false; }; inside() { printf '${words}'; return 1; }\nreadiness web-1 || true`)
      .stdout;
  expect(said("one\\nrefused: no\\nlast\\n")).toBe("refused: no\n");
  expect(said("one\\nlast\\n")).toBe("last\n");
});

describe("when a pool's members serve", () => {
  const site = join(directory, "sites/probe");
  const stands = (names: readonly string[], pool = "web") =>
    names.forEach((name, n) => {
      mkdirSync(join(site, "machines", name), { recursive: true });
      writeFileSync(join(site, "machines", name, "record"), `address=10.20.64.${n}\npool=${pool}\n`);
    });
  /** What is done with these members, and which are removed. */
  function serve(members: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const doubles = [
      'machine_destroy() { rm -r "$(machine_dir "$NAME")"; }',
      'inside() { shift; echo "${*#*/sbin/}"; }',
      "is_running() { true; }",
    ];
    const door = { FRONT_DOOR: "front-door", TARGETS_BACKENDS: "social.example" };
    const { stdout, stderr, status } = shell([...doubles, "pool_serve"].join("\n"), {
      POOL: "web",
      MEMBERS: members.join(" "),
      ...door,
      ...environment,
    });
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    return stdout.trim().split("\n").sort();
  }
  afterEach(() => rmSync(site, { recursive: true }));

  test("those of another generation go, once the front door has the new ones; a second time nothing is done", () => {
    stands(["web-1-aaaaaa", "web-2-aaaaaa", "web-1-bbbbbb", "web-2-bbbbbb"]);
    stands(["jobs-1-aaaaaa"], "jobs");
    const targets = "targets social.example web-1-bbbbbb=10.20.64.2 web-2-bbbbbb=10.20.64.3";
    expect(serve(["web-1-bbbbbb", "web-2-bbbbbb"])).toEqual([targets, "web: web-1-aaaaaa removed", "web: web-2-aaaaaa removed"]);
    expect(serve(["web-1-bbbbbb", "web-2-bbbbbb"])).toEqual([targets]);
    expect(existsSync(join(site, "machines/jobs-1-aaaaaa"))).toBe(true);
  });

  test("members that served and that a smaller page no longer has lose the traffic, and stand until Terraform ends them", () => {
    stands(["web-1-aaaaaa", "web-2-aaaaaa"]);
    serve(["web-1-aaaaaa", "web-2-aaaaaa"]);
    expect(serve(["web-1-aaaaaa"])).toEqual(["targets social.example web-1-aaaaaa=10.20.64.0"]);
    expect(existsSync(join(site, "machines/web-2-aaaaaa"))).toBe(true);
  });

  test("a member that was made and never served goes, since Terraform forgets what failed", () => {
    stands(["web-1-aaaaaa", "web-2-aaaaaa"]);
    expect(serve(["web-1-aaaaaa"])).toContain("web: web-2-aaaaaa removed");
  });
});

describe("what the page no longer has", () => {
  const site = join(directory, "sites/probe");
  const facts = {
    "database-1": "pool=\nrole=\nalone=",
    "web-1-aaaaaa": "pool=web\nrole=web\nalone=",
    "front-1-bbbbbb": "pool=front\nrole=web\nalone=",
    "streaming-1-aaaaaa": "pool=streaming\nrole=streaming\nalone=",
    "jobs-1-aaaaaa": "pool=jobs\nrole=sidekiq\nalone=",
    "scheduler-1-aaaaaa": "pool=scheduler\nrole=sidekiq\nalone=yes",
  };
  beforeEach(() => {
    for (const [name, record] of Object.entries(facts)) {
      mkdirSync(join(site, "machines", name), { recursive: true });
      writeFileSync(join(site, "machines", name, "record"), `address=10.20.64.7\n${record}\n`);
    }
    mkdirSync(join(site, "pools"));
  });
  afterEach(() => rmSync(site, { recursive: true }));

  const doubles =
    'machine_destroy() { rm -r "$(machine_dir "$NAME")"; }; is_running() { true; }; inside() { shift; echo "${*#*/sbin/}"; }\n';
  const gone = (command: string, environment: Readonly<Record<string, string>>) => {
    const { stdout, stderr, status } = shell(doubles + command, environment);
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    return stdout.split("\n").flatMap((line) => /^(\S+): no longer on the page, removed$/.exec(line)?.[1] ?? []);
  };

  test("goes before anything is made, but for pools whose role the page has: these go when others serve", () => {
    expect(gone("sweep", { KEEP_MACHINES: "", KEEP_POOLS: "front", KEEP_ROLES: "sidekiq web" })).toEqual([
      "database-1",
      "scheduler-1-aaaaaa",
      "streaming-1-aaaaaa",
    ]);
    expect(gone("retire", { ROLE: "web", KEEP_POOLS: "front" })).toEqual(["web-1-aaaaaa"]);
    expect(gone("retire", { ROLE: "sidekiq", KEEP_POOLS: "jobs" })).toEqual([]);
    expect(gone("sweep", { KEEP_MACHINES: "", KEEP_POOLS: "front jobs", KEEP_ROLES: "sidekiq web" })).toEqual([]);
  });

  test("a pool that goes takes no member from the route that leads to its successor", () => {
    const door = { FRONT_DOOR: "front-door" };
    const served = (POOL: string, MEMBERS: string, TARGETS_BACKENDS: string) =>
      shell(`${doubles}pool_serve`, { ...door, POOL, MEMBERS, TARGETS_BACKENDS }).stdout;
    served("web", "web-1-aaaaaa", "old.example social.example");
    expect(served("front", "front-1-bbbbbb", "social.example")).toBe("targets social.example front-1-bbbbbb=10.20.64.7\n");
    const { stdout } = shell(`${doubles}retire`, { ROLE: "web", KEEP_POOLS: "front" });
    expect(stdout.match(/^targets .*/gm)).toEqual(["targets old.example"]);
  });
});

test("what the stand-in is told reaches containers by podman's own settings, and only whole numbers do", () => {
  const file = join(directory, "80-stand-in.conf");
  const told = (environment: Readonly<Record<string, string>>) => {
    rmSync(file, { force: true });
    const { status, stderr } = shell(`write_stand_in ${file}`, environment);
    return { status, stderr, written: existsSync(file) ? readFileSync(file, "utf8") : undefined };
  };
  expect(told({ STANDIN: "/somewhere", HOME: "/root" })).toEqual({ status: 0, stderr: "", written: undefined });
  expect(told({ STANDIN_WORK_MS: "40", STANDIN_BOOT_MS: "20000" }).written).toBe(
    '[containers]\nenv = ["STANDIN_BOOT_MS=20000", "STANDIN_WORK_MS=40"]\n',
  );
  expect(told({ STANDIN_WORK_MS: '4", "LD_PRELOAD=x' })).toEqual({
    status: 1,
    stderr: 'local: STANDIN_WORK_MS=4", "LD_PRELOAD=x is not a whole number\n',
    written: undefined,
  });
});

test("a disk's size is written down for the next plan, under the id of the site's owner, and goes with the disk", () => {
  const site = join(directory, "sites/probe");
  mkdirSync(join(site, "disk-images"), { recursive: true });
  writeFileSync(join(site, "disk-images/redis-1-data"), "");
  const sizes = `SIZES=${directory}/sizes DISK=redis-1-data GIB=7`;
  expect(shell(`${sizes}\nrecord_size`).status).toBe(0);
  expect(existsSync(join(directory, "sizes"))).toBe(false);
  writeFileSync(join(site, "owner"), "0b1c-2d\n");
  shell(`${sizes}\nrecord_size`);
  expect(readFileSync(join(directory, "sizes/0b1c-2d/redis-1-data"), "utf8")).toBe("7\n");
  expect(shell(`${sizes}\nclose_disk() { :; }\ndisk_destroy`)).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(existsSync(join(directory, "sizes/0b1c-2d/redis-1-data"))).toBe(false);
});

test("a directory of the site is bound where the page says, and nothing else can be said", () => {
  expect(shell('DIRECTORIES="files=/srv/files mail=/srv/mail"\nneed DIRECTORIES').status).toBe(0);
  expect(shell('DIRECTORIES="../files=/srv/files"\nneed DIRECTORIES')).toMatchObject({
    status: 1,
    stderr: "local: DIRECTORIES=../files=/srv/files is not as in files=/srv/files\n",
  });
});

test("settings are handed to a machine that runs; of another the apply says why it has none", () => {
  const settings = "SETTINGS=$(echo 'the settings' | gzip | base64 -w0) NAME=pool-1";
  const machine = 'is_running() { :; }\nis_frozen() { false; }\ninside() { echo "$1 $2 $3"; cat; }';
  expect(shell(`${settings}\n${machine}\nmachine_settings`)).toEqual({
    status: 0,
    stdout: "pool-1 bash -c\nthe settings\n",
    stderr: "",
  });
  expect(shell(`${settings}\n${machine}\nis_running() { false; }\nmachine_settings`)).toEqual({
    status: 1,
    stdout: "",
    stderr: "local: pool-1 is not running, so it has not got its settings: machine start, and deploy once more\n",
  });
});

describe("what a person names", () => {
  const machines = ["web-1-8c4a7e", "web-10-8c4a7e", "web-2-8c4a7e", "pool-1", "database-1", "web-3-8c4a7e", "web-3-01b2c3"];
  beforeAll(() => {
    rmSync(join(directory, "sites"), { recursive: true, force: true });
    for (const name of machines) {
      mkdirSync(join(directory, "sites/social/machines", name), { recursive: true });
      const pool = /^(.*)-\d+-\w{6}$/.exec(name)?.[1] ?? "";
      writeFileSync(join(directory, "sites/social/machines", name, "record"), `address=10.20.0.7\npool=${pool}\n`);
    }
    writeFileSync(join(directory, "sites/social/network"), "cidr=10.20.0.0/16\n");
    mkdirSync(join(directory, "sites/other/machines"), { recursive: true });
  });
  afterAll(() => rmSync(join(directory, "sites"), { recursive: true }));

  const find = (name: string, site = "social") => shell('must_exist\necho "$NAME"', { SITE: site, NAME: name, COMMAND: "run" });

  test.each([
    ["pool-1", "pool-1"],
    ["web-1", "web-1-8c4a7e"],
    ["web-10", "web-10-8c4a7e"],
    ["web-2-8", "web-2-8c4a7e"],
    ["data", "database-1"],
    ["web-3-01b2c3", "web-3-01b2c3"],
  ])("%s is enough for %s", (said, name) => expect(find(said)).toEqual({ status: 0, stdout: `${name}\n`, stderr: "" }));

  test.each([
    ["web-3", "local: several machines of the site social begin with web-3: web-3-01b2c3 web-3-8c4a7e\n"],
    [
      "eb-1",
      expect.stringMatching(/^local: there is no machine eb-1 in the site social; there are: database-1 pool-1 web-1-8c4a7e /),
    ],
    ["", expect.stringMatching(/^local: `run` wants the name of a machine of social; there are: database-1 pool-1 /)],
  ])("%j is refused with those that there are", (said, stderr) => expect(find(said)).toEqual({ status: 1, stdout: "", stderr }));

  test("a site that is not there is an error of every command, with those that there are", () => {
    const stderr = "local: there is no site socail on this host; there are: other social\n";
    for (const command of ["machine_list", "must_exist", "mail_read"])
      expect(shell(command, { SITE: "socail", NAME: "pool-1" })).toEqual({ status: 1, stdout: "", stderr });
  });

  const asleep = 'is_running() { [ "$1" = pool-1 ]; }; is_cut() { false; }; is_frozen() { false; }; memory_of() { echo -; }\n';

  test("list without a site lists the sites, with one its machines, each below a heading", () => {
    expect(shell(`${asleep}machine_list`, { SITE: "" })).toEqual({
      status: 0,
      stdout: "SITE\tNETWORK\tMACHINES\tRUNNING\nother\t\t0\t0\nsocial\t10.20.0.0/16\t7\t1\n",
      stderr: "",
    });
    const { stdout } = shell(`${asleep}machine_list`, { SITE: "social" });
    expect(stdout.split("\n").slice(0, 4)).toEqual([
      "NAME\tADDRESS\tPOOL\tSTATE\tMIB",
      "database-1\t10.20.0.7\t-\tstopped\t-",
      "pool-1\t10.20.0.7\t-\trunning\t-",
      "web-1-8c4a7e\t10.20.0.7\tweb\tstopped\t-",
    ]);
  });

  // A set as nft prints it, and what nft is told, with words in place of the interfaces.
  const set = (...pairs: readonly string[]) =>
    `link() { NAME=$1 && link_of "$NAME"; }
nft() {
  case "$1 $2" in
    "list set") ${pairs.length === 0 ? ":" : `printf 'elements = { %s }\\n' "${pairs.join(", ")}"`} ;;
    "-f -") sed "s/$(link database-1)/DATABASE/g; s/$(link pool-1)/POOL/g; s/$(link web-1-8c4a7e)/WEB/g; s/$(site_id)/SITE/g" ;;
    *) echo "nft $*" ;;
  esac
}
is_cut() { false; }
`;

  test("a machine is cut off from some others in both directions, whose names may be beginnings of theirs", () => {
    const { status, stdout } = shell(`${set()}partition_cut from pool-1 web-1`, { SITE: "social", NAME: "database-1" });
    expect({ status, lines: stdout.split("\n").slice(-3) }).toEqual({
      status: 0,
      lines: [
        "add rule bridge cdktf_mastodon_SITE between iifname . oifname @pairs drop",
        'add element bridge cdktf_mastodon_SITE pairs { "DATABASE" . "POOL", "POOL" . "DATABASE", "DATABASE" . "WEB", "WEB" . "DATABASE" }',
        "",
      ],
    });
  });

  test.each([
    ["from", "local: after the machine `partition cut` wants nothing, or: from NAME...\n"],
    ["of pool-1", "local: after the machine `partition cut` wants nothing, or: from NAME...\n"],
    ["from pool-1 database-1", "local: database-1 cannot be cut off from itself\n"],
    ["from pool-1 nobody", expect.stringMatching(/^local: there is no machine nobody in the site social; there are: /)],
  ])("a cut `%s` cuts nothing off, and says why", (words, stderr) => {
    const environment = { SITE: "social", NAME: "database-1", COMMAND: "partition cut" };
    expect(shell(`${set()}partition_cut ${words}`, environment)).toEqual({ status: 1, stdout: "", stderr });
  });

  test("a machine that is cut off from another is told with it, and heals with it alone", () => {
    const pair = (one: string, other: string) => `\\"$(link ${one})\\" . \\"$(link ${other})\\"`;
    const cut = set(pair("database-1", "pool-1"), pair("pool-1", "database-1"), pair("web-1-8c4a7e", "web-2-8c4a7e"));
    const states = shell(`${cut}${asleep}machine_list`, { SITE: "social" }).stdout.split("\n");
    expect(states.slice(1, 8).map((line) => line.split("\t")[3])).toEqual([
      "partly-cut",
      "partly-cut",
      "partly-cut",
      "partly-cut",
      "stopped",
      "stopped",
      "stopped",
    ]);
    const healed = shell(`${cut}partition_heal`, { SITE: "social", NAME: "pool-1" });
    expect(healed.stdout.split("\n").filter((line) => line.startsWith("delete"))).toEqual([
      'delete element bridge cdktf_mastodon_SITE pairs { "DATABASE"."POOL" }',
      'delete element bridge cdktf_mastodon_SITE pairs { "POOL"."DATABASE" }',
    ]);
  });

  test("a person gets columns", () => {
    const { stdout } = spawnSync("script", ["-qec", `bash ${DRIVER}/local.sh list social`, "/dev/null"], {
      encoding: "utf8",
      env: { ...process.env, CDKTF_MASTODON_ROOT: directory },
    });
    expect(stdout.replaceAll("\r", "").split("\n").slice(0, 3)).toEqual([
      "NAME           ADDRESS    POOL  STATE    MIB",
      "database-1     10.20.0.7  -     stopped  -",
      "pool-1         10.20.0.7  -     stopped  -",
    ]);
  });
});
