import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { parse } from "yaml";
import { Postgres, Site } from "../../lib";
import { FakeCloud } from "../../lib/testing";

/** What another machine answers when it is asked. */
interface Word {
  readonly role: "primary" | "standby" | "down" | "empty";
  readonly timeline?: number;
  readonly system?: string;
}

interface Scenario {
  /**
   * Which machine starts, from 1.
   * @default 1
   */
  readonly machine?: number;
  /** What lies on its disk; nothing if it is empty. */
  readonly data?: {
    readonly timeline: number;
    readonly as: "primary" | "standby";
    readonly half?: boolean;
    readonly history?: number;
  };
  /** What the machines say, by their last number; who is left out is silent. */
  readonly says?: Readonly<Record<number, Word>>;
  /** Machines that it has heard of, besides those of the page. */
  readonly heardOf?: readonly number[];
  /** Former addresses of machines, as on its disk. */
  readonly formerly?: readonly string[];
  /** Whether the primary no longer keeps what this machine's slot stands for. */
  readonly lost?: boolean;
  /** Whether its settings are there, which a machine made anew has lost. */
  readonly settings?: boolean;
  /** How often it was restarted in vain. */
  readonly tries?: number;
  readonly rewindFails?: boolean;
}

const address = (n: number) => `10.20.30.${9 + n}`;
const log = (name: string) => `echo "${name}" >>$ROOT/did\n`;

/** Runs the script of a machine before a start of its server; returns what it did and as what the server would start. */
function start({
  machine = 1,
  data,
  says = {},
  heardOf = [],
  formerly = [],
  lost = false,
  settings = true,
  tries = 0,
  rewindFails = false,
}: Scenario) {
  const site = new Site(new TerraformStack(new App(), "stack"), "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version: "4.7.6",
  });
  const text = new Postgres(site, "Database", { replicas: 2 }).machines[machine - 1]!.bootText();
  const { write_files } = parse(text) as { write_files: readonly { path: string; content: string }[] };
  const file = (path: string) => write_files.find((entry) => entry.path === path)!.content;
  const root = mkdtempSync(join(tmpdir(), "postgres-role-"));
  const place = join(root, "17/main");
  const commands = {
    getent: 'echo "10.20.30.$((9 + ${2##*-})) STREAM $2"\n',
    ip: `echo '2: host0 inet ${address(machine)}/16 brd 10.20.255.255'\n`,
    curl: 'url=${@: -1}; host=${url#http://}; cat "$ROOT/says/${host%%:*}" 2>/dev/null\n',
    env: 'while [[ $1 = *=* ]]; do shift; done; "$@"\n',
    setpriv: `while [[ $1 = --* ]]; do shift; done; "$@"; r=$?; [ "$1" != touch ] || [ ! -e ${place}.half -a ! -e ${place}.new ] || echo yes >$ROOT/signalled; exit $r\n`,
    sync: "",
    timeout: 'shift; "$@"\n',
    psql: '[[ "$*" != *READ_REPLICATION_SLOT* ]] || echo "||"; [[ "$*" != *wal_status* ]] || cat "$ROOT/lost"; [[ "$*" != *CREATE_REPLICATION_SLOT* ]] || echo "made a slot" >>$ROOT/did\nexit 0\n',
    pg_controldata: "cat $ROOT/control\n",
    pg_basebackup: `${log("copied")}while [ "$1" != -D ]; do shift; done; mkdir -p "$2"; touch "$2/PG_VERSION"\n`,
    pg_rewind: log("rewound") + (rewindFails ? "exit 1\n" : ""),
    pg_createcluster: `mkdir -p $ROOT/etc; touch $ROOT/etc/postgresql.conf; [ -e ${place}/PG_VERSION ] || { mkdir -p ${place}; touch ${place}/PG_VERSION; echo "made a cluster" >>$ROOT/did; }\n`,
    ...{
      install: "",
      df: "echo 1000\n",
      du: "echo 1\n",
      sleep: "echo slept >>$ROOT/slept; [ $(wc -l <$ROOT/slept) -lt 3 ] || kill -KILL $PPID\n",
    },
  };
  try {
    for (const directory of ["bin", "says", "17"]) mkdirSync(join(root, directory));
    for (const [name, script] of Object.entries(commands)) {
      writeFileSync(join(root, "bin", name), `#!/bin/bash\n${script}`);
      chmodSync(join(root, "bin", name), 0o755);
    }
    writeFileSync(join(root, "lost"), lost ? "1\n" : "");
    writeFileSync(join(root, "tries"), `${tries}\n`);
    writeFileSync(join(root, "role"), file("/etc/mastodon/postgres/role"));
    writeFileSync(join(root, "conf"), "max_connections = 200\n");
    writeFileSync(join(root, "peers"), [...heardOf.map((n) => `${address(n)}@database-${n}`), ...formerly, ""].join("\n"));
    for (const [n, { role, timeline = 0, system = "7" }] of Object.entries(says)) {
      const lines = `name=database-${n}\nrole=${role}\ntimeline=${timeline}\nplace=1\nsystem=${system}\nothers=\n`;
      writeFileSync(join(root, "says", address(Number(n))), lines);
    }
    const control = `Database system identifier: 7\nLatest checkpoint's TimeLineID: ${data?.timeline ?? 1}\nmax_connections setting: 100\n`;
    writeFileSync(join(root, "control"), control);
    if (data !== undefined) {
      mkdirSync(join(place, "pg_wal"), { recursive: true });
      writeFileSync(join(place, "PG_VERSION"), "17");
      if (data.as === "standby") writeFileSync(join(place, "standby.signal"), "");
      if (data.history !== undefined) writeFileSync(join(place, `pg_wal/0000000${data.history}.history`), "");
      if (data.half === true) writeFileSync(`${place}.half`, "");
    }
    mkdirSync(join(root, "etc/conf.d"), { recursive: true });
    if (data !== undefined && settings) {
      writeFileSync(join(root, "etc/postgresql.conf"), "");
      if (data.as === "standby")
        writeFileSync(join(root, "etc/conf.d/60-standby.conf"), "primary_conninfo = 'host=before port=5432'\n");
    }
    const script = file("/usr/local/sbin/postgres-role")
      .replace(". /usr/local/lib/postgres-ask", () => file("/usr/local/lib/postgres-ask"))
      .replace("LIMIT_SECONDS=30", "LIMIT_SECONDS=0")
      .replaceAll("/var/lib/postgresql/17/main", place)
      .replaceAll("/run/postgres-status", root)
      .replaceAll("/var/lib/postgresql/peers", join(root, "peers"))
      .replaceAll("/etc/postgresql/17/main", join(root, "etc"))
      .replaceAll("/usr/lib/postgresql/17/bin", join(root, "bin"))
      .replaceAll("/etc/mastodon/postgres/50-mastodon.conf", join(root, "conf"))
      .replaceAll("/etc/mastodon/postgres/role", join(root, "role"));
    const { status, stdout, stderr, signal } = spawnSync("bash", ["--norc", "-c", script], {
      env: { PATH: `${join(root, "bin")}:${process.env["PATH"]}`, ROOT: root },
      encoding: "utf8",
    });
    const lines = (name: string) =>
      existsSync(join(root, name)) ? readFileSync(join(root, name), "utf8").trim().split("\n") : [];
    const conf =
      existsSync(join(root, "etc/conf.d/60-standby.conf")) && readFileSync(join(root, "etc/conf.d/60-standby.conf"), "utf8");
    const follows = conf === false ? undefined : /host=(\S+)/.exec(conf)?.[1];
    const as = existsSync(join(place, "standby.signal")) ? `follows ${follows}` : "primary";
    return {
      starts: signal !== null ? "waits" : status !== 0 ? `not: ${stderr.trim().split("\n").at(-1)}` : as,
      did: lines("did"),
      signalled: existsSync(join(root, "signalled")),
      half: existsSync(`${place}.half`),
      said: stdout,
    };
  } finally {
    rmSync(root, { recursive: true });
  }
}

const followed = { 2: { role: "standby", timeline: 1 }, 3: { role: "standby", timeline: 1 } } as const;

test("at the very first start the page's first machine makes the cluster, once the second has said that it is empty as well", () => {
  expect(start({ says: { 2: { role: "empty" } } })).toMatchObject({ starts: "primary", did: ["made a cluster"] });
  expect(start({})).toMatchObject({ starts: "waits", did: [] });
});

test("a first machine that has lost its disk makes no second, empty cluster", () => {
  expect(start({ says: { 2: { role: "standby", timeline: 1 } } })).toMatchObject({ starts: "waits", did: [] });
  expect(start({ says: { 2: { role: "primary", timeline: 2 } } })).toMatchObject({
    starts: `follows ${address(2)}`,
    did: ["copied", "made a slot"],
  });
});

test("an empty standby waits for a primary, and copies it", () => {
  expect(start({ machine: 2, says: { 1: { role: "empty" } } })).toMatchObject({ starts: "waits", did: [] });
  expect(start({ machine: 2, says: { 1: { role: "primary", timeline: 1 } } })).toMatchObject({ starts: `follows ${address(1)}` });
});

test("a primary that restarts goes on, at once if all others have spoken, else after a while", () => {
  const data = { timeline: 1, as: "primary" } as const;
  expect(start({ data, says: followed, heardOf: [3] })).toMatchObject({
    starts: "primary",
    said: expect.stringContaining("0 of the others were silent"),
  });
  expect(start({ data, says: { 2: followed[2] }, heardOf: [3] })).toMatchObject({
    starts: "primary",
    said: expect.stringContaining("1 of the others were silent"),
  });
});

test("where machines have been before they were made anew, nobody is waited for", () => {
  const data = { timeline: 1, as: "primary" } as const;
  expect(start({ data, says: followed, heardOf: [3], formerly: ["10.20.7.1@database-1", "10.20.7.2@database-2"] })).toMatchObject(
    {
      starts: "primary",
      said: expect.stringContaining("0 of the others were silent"),
    },
  );
});

test("a machine that answers under its name is remembered where it answers, and nowhere else", () => {
  const site = new Site(new TerraformStack(new App(), "stack"), "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version: "4.7.6",
  });
  const { write_files } = parse(new Postgres(site, "Database", { replicas: 1 }).machines[1]!.bootText()) as {
    write_files: readonly { path: string; content: string }[];
  };
  const watch = write_files.find(({ path }) => path === "/usr/local/sbin/postgres-watch")!.content;
  const root = mkdtempSync(join(tmpdir(), "postgres-watch-"));
  const peers = join(root, "peers");
  const remember = /^remember\(\) \{\n[^]*?^\}$/m.exec(watch)![0].replaceAll("/var/lib/postgresql/peers", peers);
  const after = (answers: readonly string[], ...met: string[]) => {
    const script = `own_addresses() { printf '127.0.0.1\\n10.20.0.9\\n'; }\nself=database-2\nwords=$1\nshift\n${remember}\nremember "$@"\n`;
    const { stderr } = spawnSync("bash", ["--norc", "-uc", script, "bash", answers.join("\n"), ...met], { encoding: "utf8" });
    expect(stderr).toBe("");
    return readFileSync(peers, "utf8").trimEnd().split("\n");
  };
  try {
    // Its own former address, one without a name from an earlier version, the former one of a machine that answers, and one that is silent.
    writeFileSync(peers, "10.20.0.2@database-2\n10.20.0.5\n10.20.0.6@database-3\n10.20.0.7@database-4\n");
    const answers = ["10.20.0.5 primary 1 7 99 database-1 10.20.0.6@database-3", "10.20.0.8 standby 1 7 99 database-3 "];
    const kept = ["10.20.0.5@database-1", "10.20.0.7@database-4", "10.20.0.8@database-3"];
    expect(after(answers, "10.20.0.6@database-3", "10.20.0.2@database-2", "10.20.0.9@database-2")).toEqual(kept);
    // Nobody is forgotten because nobody answers.
    expect(after([])).toEqual(kept);
    expect(after([], "10.20.0.4@database-5")).toEqual(["10.20.0.4@database-5", ...kept]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("a primary that comes back after a standby was promoted goes back to where they part, and follows", () => {
  const says = { 2: { role: "primary", timeline: 2 } } as const;
  expect(start({ data: { timeline: 1, as: "primary" }, says })).toMatchObject({
    starts: `follows ${address(2)}`,
    did: ["rewound", "made a slot"],
    half: false,
  });
});

test("what cannot be rewound, or was left half rewound, begins anew", () => {
  const says = { 2: { role: "primary", timeline: 2 } } as const;
  const data = { timeline: 1, as: "primary" } as const;
  expect(start({ data, says, rewindFails: true })).toMatchObject({ did: ["rewound", "copied", "made a slot"], half: false });
  expect(start({ data: { ...data, half: true }, says })).toMatchObject({ did: ["copied", "made a slot"], half: false });
  expect(start({ data: { ...data, half: true }, says: { 2: { role: "down", timeline: 2 } } })).toMatchObject({
    starts: "waits",
    did: [],
    half: true,
  });
});

test("it does not start while the one that was promoted is away, if anybody knows of it", () => {
  const data = { timeline: 1, as: "primary" } as const;
  const says = { 3: { role: "standby", timeline: 2 } } as const;
  expect(start({ data, says, heardOf: [3] }).starts).toBe(
    "not: postgres-role: database-3 has followed a later primary, which is away: this one does not start",
  );
  expect(start({ data, says: { 2: { role: "down", timeline: 2 } } }).starts).toMatch(/^not: /);
});

test("a promotion that the control file does not know of yet counts, for a primary and for a standby", () => {
  const says = { 2: { role: "primary", timeline: 1 } } as const;
  expect(start({ data: { timeline: 1, as: "primary", history: 2 }, says, heardOf: [3] })).toMatchObject({ starts: "primary" });
  expect(
    start({ machine: 3, data: { timeline: 1, as: "standby", history: 2 }, says: { 1: { role: "primary", timeline: 1 } } }),
  ).toMatchObject({
    starts: "follows before",
    did: [],
    said: expect.stringContaining("on an older timeline than this disk, and is not followed"),
  });
});

test("a copy and a rewound disk are a standby's before they can be taken for a primary's", () => {
  const says = { 2: { role: "primary", timeline: 2 } } as const;
  for (const rewindFails of [true, false])
    expect(start({ data: { timeline: 1, as: "primary" }, says, rewindFails }).signalled).toBe(true);
});

test("two primaries of one timeline cannot be, and foreign data is left alone", () => {
  const data = { timeline: 2, as: "primary" } as const;
  expect(start({ data, says: { 2: { role: "primary", timeline: 2 } } })).toMatchObject({
    starts: expect.stringMatching(/^not: .* two cannot be$/),
    did: [],
  });
  const foreign = { 2: { role: "primary", timeline: 3, system: "8" } } as const;
  expect(start({ data, says: foreign })).toMatchObject({
    starts: expect.stringMatching(/^not: .* not that of .* left alone$/),
    did: [],
  });
});

test("a standby follows the primary of the latest timeline, and without one starts all the same", () => {
  const data = { timeline: 1, as: "standby" } as const;
  const says = { 1: { role: "primary", timeline: 1 }, 3: { role: "primary", timeline: 2 } } as const;
  expect(start({ machine: 2, data, says, heardOf: [3] })).toMatchObject({ starts: `follows ${address(3)}` });
  expect(start({ machine: 2, data })).toMatchObject({ starts: "follows before", did: [] });
  expect(start({ machine: 2, data, settings: false })).toMatchObject({ starts: `follows ${address(1)}` });
});

test("a standby whose primary no longer keeps what it missed begins anew: by its slot's word, or after it was restarted in vain", () => {
  const says = { 1: { role: "primary", timeline: 1 } } as const;
  const data = { timeline: 1, as: "standby" } as const;
  expect(start({ machine: 2, data, says, lost: true })).toMatchObject({ did: ["copied", "made a slot"] });
  expect(start({ machine: 2, data, says, tries: 3 })).toMatchObject({ did: ["copied", "made a slot"] });
  expect(start({ machine: 2, data, says, tries: 2 })).toMatchObject({ did: ["made a slot"] });
});
