import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { parse } from "yaml";
import { Redis, Site } from "../../lib";
import { FakeCloud } from "../../lib/testing";

interface Scenario {
  /** Whom each sentinel calls master, one answer after the other; the last one stays. */
  readonly masters?: Readonly<Record<string, readonly string[]>>;
  /** How many replicas each sentinel sees alive. */
  readonly replicas?: Readonly<Record<string, number>>;
  /** The role of its last start. */
  readonly remembered?: string;
  /** Whether its append-only file is there. */
  readonly data?: boolean;
}

const REDIS_CLI = `f=$ROOT/$2.$6
[ -e "$f" ] || exit 1
printf '%b\\n' "$(head -n 1 "$f")"
[ "$(wc -l <"$f")" -le 1 ] || sed -i 1d "$f"
`;

/** Runs the script of the machine redis-1, at 10.20.53.10, before a start of its instance. */
function start({ masters = {}, replicas = {}, remembered, data = false }: Scenario) {
  const site = new Site(new TerraformStack(new App(), "stack"), "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version: "4.7.6",
  });
  const text = new Redis(site, "Redis", { replicas: 2 }).home[0]!.bootText();
  const { write_files } = parse(text) as { write_files: readonly { path: string; content: string }[] };
  const file = (path: string) => write_files.find((entry) => entry.path === path)!.content;
  const root = mkdtempSync(join(tmpdir(), "redis-role-"));
  const commands = {
    "redis-cli": REDIS_CLI,
    ip: "echo '2: host0 inet 10.20.53.10/16 brd 10.20.255.255'\n",
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
    for (const [host, answers] of Object.entries(masters))
      writeFileSync(join(root, `${host}.get-master-addr-by-name`), answers.map((answer) => `${answer}\n`).join(""));
    for (const [host, up] of Object.entries(replicas))
      writeFileSync(join(root, `${host}.replicas`), up > 0 ? "flags\\nslave\n" : "");
    if (remembered !== undefined) writeFileSync(join(root, "data/redis/role"), remembered);
    if (data) writeFileSync(join(root, "data/redis/appendonly.aof"), "x");
    const script = file("/usr/local/sbin/redis-role")
      .replaceAll("/etc/redis", join(root, "etc"))
      .replaceAll("/var/lib/redis", join(root, "data"));
    spawnSync("bash", ["--norc", "-c", script, "redis-role", "redis"], {
      env: { PATH: `${join(root, "bin")}:${process.env["PATH"]}`, ROOT: root },
    });
    const slept = existsSync(join(root, "slept")) ? readFileSync(join(root, "slept"), "utf8").split("\n").length - 1 : 0;
    const role = readFileSync(join(root, "etc/redis-redis.conf"), "utf8").trimEnd().split("\n").at(-1)!;
    return { role: role.startsWith("replicaof") ? role : "master", slept };
  } finally {
    rmSync(root, { recursive: true });
  }
}

const own = "10.20.53.10";
const other = "10.20.53.11";

test("at the very first start the page's first machine is master", () => {
  expect(start({})).toEqual({ role: "master", slept: 0 });
  const fresh = { "redis-1": [own], "redis-2": [own], "redis-3": [own] };
  expect(start({ masters: fresh, replicas: { "redis-2": 0, "redis-3": 0 } }).role).toBe("master");
});

test("a master that restarts with its data goes on", () => {
  expect(start({ masters: { "redis-2": [own] }, replicas: { "redis-2": 2 }, data: true })).toEqual({
    role: "master",
    slept: 0,
  });
});

test("a master that comes back after another took over follows that one", () => {
  expect(start({ masters: { "redis-2": [other] }, remembered: "", data: true }).role).toBe(`replicaof ${other} 6379`);
});

test("a master that comes back empty waits until a replica has taken over, and never wipes it", () => {
  expect(start({ masters: { "redis-2": [own, own, own, other] }, replicas: { "redis-2": 2 } })).toEqual({
    role: `replicaof ${other} 6379`,
    slept: 3,
  });
});

test("the word of the others counts before that of its own sentinel, which may have lost its memory too", () => {
  expect(start({ masters: { "redis-1": [own], "redis-3": [other] } }).role).toBe(`replicaof ${other} 6379`);
});

test("when no sentinel answers it takes up its last role", () => {
  expect(start({ remembered: `replicaof ${other} 6379`, data: true }).role).toBe(`replicaof ${other} 6379`);
});
