// What forwards logs on each machine, and to whom. `test/e2e/syslog.test.ts` runs it with Debian's own programs.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformStack, Testing } from "cdktf";
import { parse } from "yaml";
import { Postgres, Redis, SidekiqGroup, Site, StreamingPool, syslog, SyslogProps, WebTier, mail } from "../../lib";
import { FakeCloud } from "../../lib/testing";

const ca = readFileSync(join(__dirname, "../../examples/beside-existing/ca.pem"), "utf8");

function page(props?: SyslogProps) {
  const cloud = new FakeCloud({ delivers: true });
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", {
    cloud,
    domain: "social.example",
    version: "4.7.6",
    settings: [mail("none")],
    ...(props !== undefined && { logs: { forwardTo: syslog(props) } }),
  });
  const data = { database: new Postgres(site, "Database"), redis: new Redis(site, "Redis") };
  const streaming = new StreamingPool(site, "Streaming", { processes: 1, ...data });
  new WebTier(site, "Web", { processes: 1, streaming, ...data });
  const queues = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"] as const;
  new SidekiqGroup(site, "Jobs", { threads: 5, queues, ...data });
  Testing.synth(stack);
  return { site, cloud, hosts: [...cloud.machines, ...cloud.pools], problems: () => site.problems.all() };
}

interface Booted {
  readonly write_files: readonly { readonly path: string; readonly permissions: string; readonly content: string }[];
}
/** Tokens differ from page to page. */
const named = (text: string) => text.replaceAll(/\$\{TfToken\[[^\]]*\]\}/g, "token");
const filesOf = (text: string) => (parse(text) as Booted).write_files;

const CONF = `global(workDirectory="/var/spool/rsyslog" maxMessageSize="64k")
main_queue(
  queue.type="LinkedList" queue.size="2000" queue.timeoutEnqueue="2000000000"
  queue.filename="unsent" queue.maxDiskSpace="64m" queue.saveOnShutdown="on"
  queue.timeoutShutdown="100" queue.timeoutActionCompletion="100"
)
module(load="imjournal" stateFile="journal" persistStateInterval="100" usePid="system" ratelimit.interval="0")
template(name="line" type="string"
  string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% %PROCID% - [journal@32473 unit=\\"%$!_SYSTEMD_UNIT%\\"] %msg%")
action(
  type="omfwd" target="logs.example.net" port="6514" protocol="tcp" TCP_Framing="octet-counted" template="line"
  StreamDriver="ossl" StreamDriverMode="1" StreamDriver.CAFile="/etc/ssl/certs/ca-certificates.crt"
  StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="logs.example.net"
  KeepAlive="on" action.resumeRetryCount="-1" action.resumeInterval="10" action.resumeIntervalMax="60"
)
`;
const UNIT = `[Unit]
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=5
TimeoutStopSec=10
StandardError=null
OOMScoreAdjust=500
MemoryMax=128M
`;

// The only input is the journal, the only output the collector; so nothing is forwarded that the journal's own filters have dropped, and no field of an
// entry besides its message and what syslog has places for.
test("every machine hands over its journal and nothing else, to the name in the certificate", () => {
  const { hosts, problems } = page({ host: "logs.example.net" });
  expect(problems()).toEqual([]);
  expect(hosts.map(({ name }) => name).sort()).toEqual(["database-1", "jobs", "redis-1", "streaming", "web"]);
  for (const host of hosts) {
    const text = host.bootText();
    expect(filesOf(text).filter(({ path, content }) => /rsyslog/.test(path + content) && !/sbin\/boot$/.test(path))).toEqual([
      { path: "/etc/rsyslog.conf", permissions: "0644", content: CONF },
      { path: "/etc/systemd/system/rsyslog.service.d/10-mastodon.conf", permissions: "0644", content: UNIT },
    ]);
    expect((parse(text) as { packages: readonly string[] }).packages).toEqual(
      expect.arrayContaining(["ca-certificates", "rsyslog", "rsyslog-openssl"]),
    );
    expect(text).toContain("systemctl enable rsyslog.service\n");
  }
});

test("without a collector no machine has a forwarder, nor a way out for one", () => {
  const { hosts } = page();
  for (const host of hosts) {
    expect(host.bootText()).not.toContain("rsyslog");
    expect(host.calls().filter(({ port }) => port === 6514)).toEqual([]);
  }
});

test("each machine may reach the collector, and knows its address if that is given; of any firewall only that is asked", () => {
  const { hosts, site } = page({ host: "logs.example.net", address: "192.0.2.7", port: 6000 });
  for (const host of hosts) {
    const to = host.calls().filter(({ to }) => to.name === "logs.example.net");
    expect(to.map(({ to, port, why, protocol }) => ({ to, port, why, protocol }))).toEqual([
      { to: { kind: "external", name: "logs.example.net" }, port: 6000, why: "hands over its logs", protocol: undefined },
    ]);
    expect(host.bootText()).toContain("192.0.2.7 logs.example.net\n");
  }
  expect(site.flows.filter(({ why }) => why === "hands over its logs").map(({ from }) => from)).toEqual(
    ["postgres", "redis", "streaming", "web", "sidekiq"].map((role) => ({ kind: "role", role })),
  );
});

test("a private authority is trusted in place of the public ones; it is delivered together with the collector, by one restart", () => {
  const { cloud, hosts, problems } = page({ host: "logs.example.net", ca });
  expect(problems()).toEqual([]);
  for (const host of hosts) {
    const files = filesOf(host.bootText());
    expect(files.find(({ path }) => path === "/etc/rsyslog.conf")!.content).toBe(
      CONF.replace("/etc/ssl/certs/ca-certificates.crt", "/etc/mastodon/tls/logs.pem"),
    );
    expect(files.find(({ path }) => path === "/etc/mastodon/tls/logs.pem")!.content).toBe(ca);
  }
  const other = page({ host: "other.example.net", port: 6515, ca }).cloud.machines;
  for (const [n, machine] of cloud.machines.entries()) {
    expect(named(other[n]!.renewedText())).toBe(named(machine.renewedText()));
    const [, delivered] = /\n(begin 'the-forwarding-of-logs[^\n]*\n[^]*?\nbring\n)/.exec(other[n]!.settings())!;
    expect(delivered).toMatch(/^begin 'the-forwarding-of-logs' 'the forwarding of logs' 'restart' 'shown'\n/);
    expect(delivered.match(/^setting '[^']*'/gm)).toEqual([
      "setting '/etc/mastodon/tls/logs.pem'",
      "setting '/etc/rsyslog.conf'",
    ]);
    expect(delivered).toContain('target="other.example.net" port="6515"');
    expect(delivered).toContain(
      "check() {\nrsyslogd -N1 -f /etc/rsyslog.conf\n}\ntake() {\n! runs rsyslog || systemctl restart rsyslog\n}\nbring\n",
    );
  }
});

test.each<readonly [SyslogProps, string]>([
  [{ host: "192.0.2.7" }, "syslog: host is 192.0.2.7, and its certificate is to be checked"],
  [{ host: "localhost" }, 'syslog: host is "localhost"'],
  [{ host: "logs.example.net:6514" }, 'syslog: host is "logs.example.net:6514"'],
  [{ host: 'a"b' }, 'syslog: host is "a"b"'],
  [{ host: "logs.example.net", port: 0 }, "syslog: port is 0 / use a whole number from 1 to 65535"],
  [{ host: "logs.example.net", ca: "no certificate" }, "syslog: ca holds no certificate that can be read"],
  [{ host: "logs.example.net", ca: "-----BEGIN PRIVATE KEY-----" }, "syslog: ca holds a private key"],
])("refused: %o", (props, problem) => {
  expect(page(props).problems()).toEqual([expect.stringContaining(`stack/Social: ${problem}`)]);
});

test("two sites may have one collector", () => {
  const cloud = new FakeCloud();
  const stack = new TerraformStack(new App(), "stack");
  const logs = { forwardTo: syslog({ host: "logs.example.net", port: -1 }) };
  const sites = ["One", "Two"].map(
    (id, n) =>
      new Site(stack, id, {
        cloud,
        domain: `${id.toLowerCase()}.example`,
        version: "4.7.6",
        network: `10.${20 + n}.0.0/16`,
        logs,
      }),
  );
  for (const site of sites) new Postgres(site, "Database");
  Testing.synth(stack);
  expect(cloud.machines.map(({ calls }) => calls().filter(({ why }) => why === "hands over its logs").length)).toEqual([1, 1]);
});
