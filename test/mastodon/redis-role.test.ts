import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { parse } from "yaml";
import { Redis, Site } from "../../lib";
import { FakeCloud } from "../../lib/testing";

/** The epoch of a sentinel's configuration, and whom it calls master then. */
type Word = readonly [epoch: number, master: string];

interface Scenario {
  /**
   * Which machine starts, from 1.
   * @default 1
   */
  readonly machine?: number;
  /** What each other sentinel says, one answer after the other; the last one stays. Who is left out is silent. */
  readonly says?: Readonly<Record<string, readonly Word[]>>;
  /** What its own sentinel has written down. */
  readonly memory?: Word;
  /** How many replicas each sentinel sees alive. */
  readonly replicas?: Readonly<Record<string, number>>;
  /** Whether its append-only file is there. */
  readonly data?: boolean;
  /** An address besides those of the machines where a Redis answers. */
  readonly answers?: string;
}

const REDIS_CLI = `f=$ROOT/$2.$6
[ -e "$f" ] || exit 1
printf '%b\\n' "$(head -n 1 "$f")"
[ "$(wc -l <"$f")" -le 1 ] || sed -i 1d "$f"
`;

/** Runs the script of a machine, the n-th of them at 10.20.53.9 + n, before a start of its instance. */
function start({ machine = 1, says = {}, memory, replicas = {}, data = false, answers: elsewhere }: Scenario) {
  const site = new Site(new TerraformStack(new App(), "stack"), "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version: "4.7.6",
  });
  const text = new Redis(site, "Redis", { replicas: 3 }).home[machine - 1]!.bootText();
  const { write_files } = parse(text) as { write_files: readonly { path: string; content: string }[] };
  const file = (path: string) => write_files.find((entry) => entry.path === path)!.content;
  const root = mkdtempSync(join(tmpdir(), "redis-role-"));
  const commands = {
    "redis-cli": REDIS_CLI,
    ip: `echo '2: host0 inet 10.20.53.${9 + machine}/16 brd 10.20.255.255'\n`,
    getent: 'echo "10.20.53.$((9 + ${2##*-})) STREAM $2"\n',
    "sentinel-console": 'sed "s/^/${2-own}: /" >>$ROOT/told\necho OK\n',
    ...{ chown: "", install: "", sleep: "echo slept >>$ROOT/slept\n" },
  };
  try {
    mkdirSync(join(root, "bin"));
    mkdirSync(join(root, "etc"));
    mkdirSync(join(root, "data/redis"), { recursive: true });
    for (const [name, script] of Object.entries(commands)) {
      writeFileSync(join(root, "bin", name), `#!/bin/bash\n${script}`);
      chmodSync(join(root, "bin", name), 0o755);
    }
    for (const name of ["redis.role", "redis.settings"]) writeFileSync(join(root, "etc", name), file(`/etc/redis/${name}`));
    if (machine < 4) writeFileSync(join(root, "etc/sentinel.masters"), file("/etc/redis/sentinel.masters"));
    if (elsewhere !== undefined) writeFileSync(join(root, `${elsewhere}.`), "NOAUTH Authentication required.\n");
    for (const [host, words] of Object.entries(says)) {
      const answers = words.map(
        ([epoch, master]) => `name\\nredis\\nip\\n${master}\\nflags\\nmaster\\nconfig-epoch\\n${epoch}\n`,
      );
      writeFileSync(join(root, `${host}.master`), answers.join(""));
    }
    for (const [host, up] of Object.entries(replicas))
      writeFileSync(join(root, `${host}.replicas`), `${"flags\\nslave\\n".repeat(up)}flags\\ns_down,slave\n`);
    if (memory !== undefined) {
      const lines = `sentinel monitor redis ${memory[1]} 6379 2\nsentinel config-epoch redis ${memory[0]}\n`;
      writeFileSync(join(root, "data/sentinel.conf"), lines);
    }
    if (data) writeFileSync(join(root, "data/redis/appendonly.aof"), "x");
    const script = file("/usr/local/sbin/redis-role")
      .replace("LIMIT_SECONDS='60'", "LIMIT_SECONDS=3")
      .replaceAll("/etc/redis", join(root, "etc"))
      .replaceAll("/var/lib/redis", join(root, "data"));
    const { status } = spawnSync("bash", ["--norc", "-c", script, "redis-role", "redis"], {
      env: { PATH: `${join(root, "bin")}:${process.env["PATH"]}`, ROOT: root },
    });
    const slept = existsSync(join(root, "slept")) ? readFileSync(join(root, "slept"), "utf8").split("\n").length - 1 : 0;
    if (status !== 0) return { role: "none", slept };
    const role = readFileSync(join(root, "etc/redis-redis.conf"), "utf8").trimEnd().split("\n").at(-1)!;
    const told = existsSync(join(root, "told")) && readFileSync(join(root, "told"), "utf8").trimEnd().split("\n");
    return { role: role.startsWith("replicaof") ? role : "master", slept, ...(told !== false && { told }) };
  } finally {
    rmSync(root, { recursive: true });
  }
}

const first = "10.20.53.10";
const second = "10.20.53.11";
const third = "10.20.53.12";

test("at the very first start the page's first machine is master, as soon as one other sentinel answers", () => {
  const fresh: Word = [0, "redis-1"];
  expect(start({ memory: fresh, says: { "redis-3": [[0, first]] } })).toEqual({ role: "master", slept: 0 });
  expect(start({ machine: 2, memory: fresh, says: { "redis-1": [[0, first]] } }).role).toMatch(
    /^replicaof (redis-1|10.20.53.10) 6379$/,
  );
});

test("a master that restarts with its data goes on", () => {
  const said: Word = [3, first];
  const up = { "redis-2": 2, "redis-3": 2 };
  expect(start({ memory: said, says: { "redis-2": [said], "redis-3": [said] }, replicas: up, data: true })).toEqual({
    role: "master",
    slept: 0,
  });
});

test("a master that comes back after another took over follows that one", () => {
  const said: readonly Word[] = [[4, second]];
  expect(start({ memory: [3, first], says: { "redis-2": said, "redis-3": said }, data: true }).role).toBe(
    `replicaof ${second} 6379`,
  );
});

// After all machines lost power: the first was away when the second took over, and its sentinel is the first to answer.
test("the latest word counts, not the first", () => {
  const stale: Word = [3, first];
  const late: Word = [4, second];
  const says = { "redis-1": [stale], "redis-3": [late] };
  expect(start({ machine: 2, memory: late, says, data: true }).role).toBe("master");
  expect(start({ machine: 3, memory: late, says: { "redis-1": [stale] }, data: true }).role).toBe(`replicaof ${second} 6379`);
  expect(start({ machine: 1, memory: stale, says: { "redis-3": [late] }, data: true }).role).toBe(`replicaof ${second} 6379`);
});

test("it waits until most sentinels have spoken, and then goes by what it has heard", () => {
  const said: Word = [3, first];
  expect(start({ memory: said, data: true })).toEqual({ role: "master", slept: 4 });
});

test("a machine without a sentinel of its own does not start on nobody's word", () => {
  expect(start({ machine: 4 })).toEqual({ role: "none", slept: 4 });
  const said: readonly Word[] = [[4, second]];
  expect(start({ machine: 4, says: { "redis-1": said, "redis-2": said } })).toEqual({
    role: `replicaof ${second} 6379`,
    slept: 0,
  });
});

test("a master that comes back empty waits until a replica has taken over", () => {
  const before: Word = [3, first];
  const says = { "redis-2": [before, before, [4, third] as const] };
  expect(start({ memory: [0, "redis-1"], says, replicas: { "redis-2": 2 } })).toEqual({
    role: `replicaof ${third} 6379`,
    slept: 2,
  });
});

test("it never wipes the last copy, also when a sentinel is silent and nobody can take over", () => {
  const says = { "redis-3": [[3, first] as const] };
  expect(start({ memory: [0, "redis-1"], says, replicas: { "redis-3": 1 } })).toEqual({ role: "none", slept: 3 });
});

test("when no copy is up either, an empty master serves", () => {
  const says = { "redis-2": [[3, first] as const], "redis-3": [[3, first] as const] };
  expect(start({ memory: [3, first], says, replicas: { "redis-2": 0, "redis-3": 0 } })).toEqual({ role: "master", slept: 0 });
});

// As when all droplets were destroyed and their disks kept: no machine is where the sentinels remember one, so they never agree on another.
const gone = "10.20.7.1";
const lost: Word = [3, gone];
const bySaying = (...machines: readonly number[]) => Object.fromEntries(machines.map((n) => [`redis-${n}`, [lost]]));

test("where all machines have other addresses than the sentinels remember, the first one goes on with its data, and the others follow", () => {
  const told = (sentinel: string) => [
    `${sentinel}: sentinel remove redis`,
    `${sentinel}: sentinel monitor redis redis-1 6379 2`,
    expect.stringMatching(new RegExp(`^${sentinel}: sentinel set redis auth-pass \\S+$`)),
    `${sentinel}: sentinel set redis down-after-milliseconds 4000`,
    `${sentinel}: sentinel set redis failover-timeout 2500`,
    `${sentinel}: sentinel set redis parallel-syncs 1`,
  ];
  expect(start({ memory: lost, says: bySaying(2, 3), data: true })).toEqual({
    role: "master",
    slept: 3,
    told: ["own", "redis-2", "redis-3"].flatMap(told),
  });
  const follows = { role: "replicaof redis-1 6379", slept: 3 };
  expect(start({ machine: 2, memory: lost, says: bySaying(1, 3), data: true })).toEqual({ ...follows, told: told("own") });
  expect(start({ machine: 4, says: bySaying(1, 2, 3), data: true })).toEqual(follows);
});

test("without its data the first one does not start then: another may have a copy", () => {
  expect(start({ memory: lost, says: bySaying(2, 3) })).toEqual({ role: "none", slept: 3 });
});

test("nothing is forgotten while a Redis answers where the master was, or once the sentinels have agreed on another", () => {
  const before = { memory: lost, data: true, machine: 2 };
  expect(start({ ...before, says: bySaying(1, 3), answers: gone })).toEqual({
    role: `replicaof ${gone} 6379`,
    slept: 0,
  });
  expect(start({ ...before, says: { "redis-3": [lost, lost, [4, third]] } })).toEqual({
    role: `replicaof ${third} 6379`,
    slept: 2,
  });
});
