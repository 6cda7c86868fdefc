// Debian's exporters with the files that a monitoring machine has for external servers: they log in as these say, with each sign that a password may
// have, verify certificates, and write no password anywhere.

import { ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Testing } from "cdktf";
import { debianTool } from "../shared/debian-tools";
import { externalPage, filesOf } from "./external-page";
import { Certificate, fakePostgres, fakeRedis } from "./fake-servers";
import { FETCHED_MS } from "./promtool";

/** Each that the rule for external passwords allows, some of which mean something in URLs, in shells and in systemd's files. */
const PASSWORD = "a!#$&'()*+,-./:;<=>?@[]^_`{|}~Z09";

const room = mkdtempSync(join(tmpdir(), "external-"));
const tool = { postgres: "prometheus-postgres-exporter", redis: "prometheus-redis-exporter" } as const;
let certificate: Certificate;

beforeAll(() => {
  for (const name of Object.values(tool)) debianTool(name, name);
  const openssl = (...words: readonly string[]) => execFileSync("openssl", words, { cwd: room, stdio: "pipe" });
  for (const name of ["ca", "other"])
    openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-subj",
      `/CN=${name}`,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.pem`,
    );
  openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr");
  writeFileSync(join(room, "names"), "subjectAltName=DNS:localhost\n");
  const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-out", "server.pem"];
  openssl("x509", "-req", "-in", "server.csr", ...signed);
  const text = (name: string) => readFileSync(join(room, name), "utf8");
  certificate = { key: text("server.key"), cert: text("server.pem") };
}, FETCHED_MS);

afterAll(() => rmSync(room, { recursive: true }));

/** The lines of a file as systemd reads them: what is in quotes is as it is, but for `\` and `"` in double ones. */
function environment(text: string): Readonly<Record<string, string>> {
  const lines = text.split("\n").filter((line) => line !== "");
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, single, double] = /^([A-Z_]+)=(?:'([^']*)'|"([^"\\]*)")$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`systemd would read it otherwise: ${line}`);
      return [name, single ?? double!];
    }),
  );
}

interface Exported {
  readonly metrics: string;
  readonly log: string;
  /** The command line, as any user of the machine sees it. */
  readonly command: string;
}

/** Runs the exporter of a kind as its unit does, with files of the machine where `changed` has them, and reads it once. */
async function exported(kind: keyof typeof tool, changed: (text: string) => string): Promise<Exported> {
  const page = externalPage();
  Testing.synth(page.stack);
  const files = filesOf(page.machines[0]!);
  const path = { postgres: "postgres-exporter-db.example.net", redis: "redis-exporter-main-feeds.example.net" }[kind];
  const port = await unused();
  const filled = files[`/etc/default/prometheus-${path} 0600`]!.replace(/<secret \w+>/, () => PASSWORD).replace(
    /127\.0\.0\.1:\d+/,
    `127.0.0.1:${port}`,
  );
  const { ARGS = "", ...variables } = environment(changed(filled));
  const start = /^ExecStart=(.*)$/m.exec(files[`/etc/systemd/system/${tool[kind]}@.service`]!)![1]!;
  const words = start.replace("$ARGS", ARGS).split(" ").slice(1);
  const child = spawn(debianTool(tool[kind], tool[kind]), words, { env: variables, stdio: "pipe" });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (log += String(text)));
  try {
    return { metrics: await read(port), log, command: [start, ...child.spawnargs].join(" ") };
  } finally {
    await ended(child);
  }
}

/** A port of the loopback that nothing listens on. */
function unused(): Promise<number> {
  return new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => found(port));
    });
  });
}

async function read(port: number): Promise<string> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((go) => setTimeout(go, 100));
    }
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((gone) => {
    child.once("exit", () => gone());
    child.kill();
  });
}

const at = (port: number, ca: string) => (text: string) =>
  text
    .replace(/(?:db|feeds)\.example\.net:\d+/, `localhost:${port}`)
    .replace(/\/etc\/mastodon\/tls\/[a-z.]+\.pem/, join(room, `${ca}.pem`));

test("PostgreSQL's logs in by TLS with the role, the database and the password, and what it asks is limited", async () => {
  const server = await fakePostgres(certificate);
  try {
    const { metrics, log, command } = await exported("postgres", at(server.port, "ca"));
    expect(server.logins.length).toBeGreaterThan(0);
    const { parameters, password } = server.logins[0]!;
    expect(password).toBe(PASSWORD);
    expect(parameters).toMatchObject({
      user: "mastodon@db",
      database: "mastodon_production",
      statement_timeout: "8000",
      lock_timeout: "1000",
      default_transaction_read_only: "on",
    });
    expect(metrics).toContain("pg_up 0\n");
    expect(log).toContain("too many clients");
    expect(
      [log, command, metrics].filter((text) => text.includes(PASSWORD) || text.includes(encodeURIComponent(PASSWORD))),
    ).toEqual([]);
  } finally {
    server.stop();
  }
}, 60_000);

test("PostgreSQL's tells nobody the password whom its authority does not vouch for", async () => {
  const server = await fakePostgres(certificate);
  try {
    const { metrics, log } = await exported("postgres", at(server.port, "other"));
    expect(metrics).toContain("pg_up 0\n");
    expect(log).toContain("certificate signed by unknown authority");
    expect(server.logins).toEqual([]);
  } finally {
    server.stop();
  }
}, 60_000);

test("Redis' logs in by TLS with user, password and the number of the database", async () => {
  const server = await fakeRedis(certificate);
  try {
    const { metrics, log, command } = await exported("redis", at(server.port, "ca"));
    expect(server.logins.slice(0, 2)).toEqual([
      ["AUTH", "default", PASSWORD],
      ["SELECT", "3"],
    ]);
    expect(metrics).toContain("redis_up 1\n");
    expect(metrics).toContain("redis_memory_max_bytes 1000\n");
    expect([log, command, metrics].filter((text) => text.includes(PASSWORD))).toEqual([]);
  } finally {
    server.stop();
  }
}, 60_000);

test("Redis' tells nobody the password whom its authority does not vouch for", async () => {
  const server = await fakeRedis(certificate);
  try {
    const { metrics } = await exported("redis", at(server.port, "other"));
    expect(metrics).toContain("redis_up 0\n");
    expect(server.logins).toEqual([]);
  } finally {
    server.stop();
  }
}, 60_000);
