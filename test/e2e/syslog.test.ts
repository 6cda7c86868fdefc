// Debian's journald and rsyslog with the files of a page, and a collector on the loopback: what it gets, from whom it gets nothing, and what becomes of
// the lines while it is away.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, Server, TLSSocket } from "node:tls";
import { App, TerraformStack, Testing } from "cdktf";
import { parse } from "yaml";
import { Postgres, Site, syslog } from "../../lib";
import { FakeCloud } from "../../lib/testing";
import { JournalRoom } from "./journal-room";

const directory = mkdtempSync(join(tmpdir(), "syslog-"));
const at = (name: string) => join(directory, name);

function openssl(...words: readonly string[]): void {
  const { status, stderr } = spawnSync("openssl", words, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

function authority(name: string): void {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", at(`${name}.key`)];
  openssl("req", "-x509", ...key, "-days", "2", "-subj", `/CN=${name}`, "-out", at(`${name}.pem`));
}

/** A certificate for a host; `days` may be over. */
function certificate(name: string, host: string, by: string, days = 2): void {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", at(`${name}.key`)];
  openssl("req", ...key, "-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host}`, "-out", at(`${name}.csr`));
  const signed = ["-CA", at(`${by}.pem`), "-CAkey", at(`${by}.key`), "-copy_extensions", "copy"];
  openssl("x509", "-req", "-in", at(`${name}.csr`), ...signed, "-days", `${days}`, "-out", at(`${name}.pem`));
}

/** A server that takes syslog over TLS. */
class Collector {
  private server: Server | undefined;
  private readonly connections = new Set<TLSSocket>();
  private received = Buffer.alloc(0);
  port = 0;
  tried = 0;

  async opens(certificate: string): Promise<void> {
    const pair = { key: readFileSync(at(`${certificate}.key`)), cert: readFileSync(at(`${certificate}.pem`)) };
    this.received = Buffer.alloc(0);
    this.tried = 0;
    this.server = createServer(pair, (connection) => {
      this.connections.add(connection);
      connection.on("error", () => {}).on("data", (part: Buffer) => (this.received = Buffer.concat([this.received, part])));
    }).on("connection", () => this.tried++);
    await new Promise<void>((done) => this.server!.listen(this.port, "127.0.0.1", done));
    this.port = (this.server.address() as AddressInfo).port;
  }

  async closes(): Promise<void> {
    for (const connection of this.connections) connection.destroy();
    this.connections.clear();
    await new Promise((done) => this.server?.close(done) ?? done(undefined));
    this.server = undefined;
  }

  /** The messages so far, each by its length in front of it. */
  get messages(): readonly string[] {
    const found: string[] = [];
    for (let rest = this.received; ; ) {
      const space = rest.indexOf(" ");
      const length = Number(rest.subarray(0, Math.max(space, 0)).toString());
      if (space < 1 || rest.length < space + 1 + length) return found;
      found.push(rest.subarray(space + 1, space + 1 + length).toString());
      rest = rest.subarray(space + 1 + length);
    }
  }

  /** Their texts, for those of a program. */
  of(program: string): readonly string[] {
    return this.messages.filter((line) => line.split(" ")[3] === program).map((line) => line.replace(/^[^\]]*\] /, ""));
  }
}

async function until(what: () => boolean, seconds: number): Promise<void> {
  const limit = Date.now() + seconds * 1000;
  while (!what()) {
    if (Date.now() > limit) throw new Error(`not after ${seconds} s: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

const collector = new Collector();
let room: JournalRoom;

beforeAll(async () => {
  authority("ours");
  authority("theirs");
  certificate("good", "logs.example.net", "ours");
  certificate("wildcard", "*.example.net", "ours");
  certificate("other", "other.example.net", "ours");
  certificate("foreign", "logs.example.net", "theirs");
  certificate("over", "logs.example.net", "ours", -1);
  await collector.opens("good");
  const cloud = new FakeCloud();
  const logs = {
    forwardTo: syslog({ host: "logs.example.net", port: collector.port, ca: readFileSync(at("ours.pem"), "utf8") }),
  };
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", {
    cloud,
    domain: "social.example",
    version: "4.7.6",
    logs,
  });
  new Postgres(site, "Database");
  Testing.synth(stack);
  const { write_files } = parse(cloud.machines[0]!.bootText().replaceAll("$${", "${").replaceAll("%%{", "%{")) as {
    write_files: readonly { path: string; content: string }[];
  };
  const files = write_files.filter(({ path }) => /journald|rsyslog|mastodon\/tls/.test(path));
  room = new JournalRoom(["rsyslog", "rsyslog-openssl"], {
    ...Object.fromEntries(files.map(({ path, content }) => [path, content])),
    "/etc/hosts": "127.0.0.1 localhost logs.example.net\n",
  });
  await room.run("/usr/lib/systemd/systemd-journald & sleep 1");
}, 600_000);

afterAll(async () => {
  await room?.close();
  await collector.closes();
  rmSync(directory, { recursive: true, force: true });
});

const starts = () => room.run("rsyslogd -n -iNONE 2>/dev/null & forwarder=$!; sleep 1");
const stops = () => room.run("kill $forwarder; wait $forwarder");

test("rsyslog and journald take the files: of all drop-ins that of the page decides", async () => {
  expect(await room.run("rsyslogd -N1 -f /etc/rsyslog.conf 2>&1")).toContain("End of config validation run");
  const files = await room.run("systemd-analyze cat-config systemd/journald.conf");
  const last = (name: string) => files.match(new RegExp(`^${name}=.*$`, "gm"))!.at(-1);
  expect(["Storage", "SystemMaxUse", "MaxRetentionSec", "ForwardToSyslog"].map(last)).toEqual([
    "Storage=persistent",
    "SystemMaxUse=1G",
    "MaxRetentionSec=30day",
    "ForwardToSyslog=no",
  ]);
  expect(await room.run("journalctl -t systemd-journald -o cat")).toMatch(/System Journal \(.*\) is .*, max 1G,/);
});

test("what was written before the forwarder started arrives as well, with message, time, name and unit, and nothing else of the journal", async () => {
  await room.run("(exec -a secret-argument systemd-cat -t before echo 'one line')");
  await room.run("logger -t two --id=77 -p daemon.warning 'another'");
  await starts();
  await until(() => collector.of("two").length === 1, 20);
  const [line] = collector.messages.filter((one) => one.includes(" before "));
  expect(line).toMatch(/^<14>1 \d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d \S+ before \d+ - \[journal@32473 unit=""\] one line$/);
  expect(collector.messages.find((one) => one.includes(" two "))).toMatch(/^<28>1 /);
  expect(collector.messages.join("\n")).not.toMatch(/secret-argument|_CMDLINE|_EXE|_BOOT_ID/);
  await collector.closes();
  await collector.opens("wildcard");
  await room.run("echo 'to a wildcard' | systemd-cat -t wildcard");
  await room.run("sleep 1; echo 'once more' | systemd-cat -t wildcard");
  await until(() => collector.of("wildcard").includes("once more"), 30);
});

test.each(["other", "foreign", "over"])(
  "a collector whose certificate is %s gets no line; they go to the right one",
  async (name) => {
    await stops();
    await collector.closes();
    await collector.opens(name);
    await starts();
    await room.run(`echo 'while it was ${name}' | systemd-cat -t ${name}`);
    await until(() => collector.tried >= 2, 40);
    expect(collector.messages).toEqual([]);
    await collector.closes();
    await collector.opens("good");
    await until(() => collector.of(name).length === 1, 40);
  },
);

test("while the collector is away lines wait in the journal, over a restart as well; later each arrives once", async () => {
  await collector.closes();
  // What is written to a connection before the sender knows that it has ended is lost: syslog has no acknowledgements.
  await room.run("for n in 1 2 3; do echo $n | systemd-cat -t lost; sleep 1; done");
  await room.run("seq -f 'line %.0f' 1 20000 | systemd-cat -t flood; sleep 4");
  // Neither on the disk a second time nor in memory.
  expect(await room.run("ls /var/spool/rsyslog")).toBe("journal\n");
  expect(Number(/VmRSS:\s+(\d+) kB/.exec(await room.run("cat /proc/$forwarder/status"))![1])).toBeLessThan(64 * 1024);
  await stops();
  expect(Number(await room.run("du -sm /var/spool/rsyslog | cut -f 1"))).toBeLessThan(10);
  await starts();
  await room.run("echo last | systemd-cat -t flood");
  await collector.opens("good");
  await until(() => collector.of("flood").length >= 20_001, 60);
  const arrived = collector.of("flood");
  expect(new Set(arrived).size).toBe(20_001);
  expect(arrived).toHaveLength(20_001);
}, 120_000);

test("a journal that is full deletes its oldest lines, although the collector has not got them, and the newest arrive", async () => {
  await room.run("printf '[Journal]\\nSystemMaxUse=16M\\nSystemMaxFileSize=2M\\n' >/etc/systemd/journald.conf.d/zzzz.conf");
  await room.run("kill %1; wait %1; /usr/lib/systemd/systemd-journald & sleep 1");
  await collector.closes();
  await room.run("for n in 1 2 3; do echo $n | systemd-cat -t lost; sleep 1; done");
  for (let part = 1; part <= 3; part++) await room.run(`seq -f 'part ${part} line %.0f' 1 30000 | systemd-cat -t full; sleep 2`);
  expect(Number(await room.run("du -sm /var/log/journal | cut -f 1"))).toBeLessThanOrEqual(17);
  expect(Number(await room.run("du -sm /var/spool/rsyslog | cut -f 1"))).toBeLessThan(10);
  const kept = (await room.run("journalctl -t full -o cat")).split("\n");
  expect(kept.length).toBeLessThan(80_000);
  await collector.opens("good");
  await until(() => collector.of("full").includes("part 3 line 30000"), 60);
  const arrived = new Set(collector.of("full"));
  expect(kept.filter((line) => line !== "" && !arrived.has(line))).toEqual([]);
}, 180_000);
