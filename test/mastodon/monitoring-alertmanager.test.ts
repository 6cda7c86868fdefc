import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TerraformVariable, Testing } from "cdktf";
import { mail, Monitoring, Secret } from "../../lib";
import { Pool } from "../../lib/core/pool";
import { wrongWith } from "../../lib/core/secret-rule";
import { textOf } from "../../lib/core/program";
import { readableText } from "../../lib/core/render/terraform-text";
import { alertmanagerConfig, clusterOptions, receiverFiles, sendingOf } from "../../lib/mastodon/monitoring/alertmanager";
import { AlertsProps, checkAlerts } from "../../lib/mastodon/monitoring/alerts";
import { byMail, pagerDuty, slack, webhook } from "../../lib/mastodon/monitoring/receivers";
import { watched } from "../../lib/mastodon/monitoring/watched";
import { pageProblems } from "../page-problems";
import { MonitoringPage, monitoringPage } from "./monitoring-page";

const CA = readFileSync(join(__dirname, "../../examples/only-streaming/ca.pem"), "utf8");
type Stack = ReturnType<typeof monitoringPage>["stack"];

/** A page whose alerts come from its first Sidekiq machine, which stands for a monitoring machine here. */
function sending(alerts: (stack: Stack) => AlertsProps, page: MonitoringPage = {}) {
  const { stack, site } = monitoringPage(page);
  const host = site.node.findAll().find((node) => node instanceof Pool && node.name === "rest") as Pool;
  const props = alerts(stack);
  checkAlerts(host, props);
  const made = sendingOf(host, host, props);
  const files = receiverFiles(made).map(({ path, content, mode, owner }) => [path, readableText(textOf(content)), mode, owner]);
  const problems = () => pageProblems(() => Testing.synth(stack, true));
  return { host, files, config: readableText(alertmanagerConfig(made, watched(site))), problems };
}

const secret = (stack: Stack, name: string) => new Secret(stack, name, { length: 200, description: "for alerts" });
const server = (stack: Stack) =>
  mail({
    server: "smtp.example",
    from: "Social <hello@social.example>",
    login: "social",
    password: secret(stack, "smtp_password"),
    ca: CA,
  });
const INHIBITIONS = /^inhibit_rules:\n(?: .*\n)+/m;

test("the whole configuration with every kind of receiver, and their keys in files of their own", () => {
  const { config, files, host, problems } = sending(
    (stack) => ({
      to: [
        byMail("ops@example.org"),
        byMail("boss@example.org", { from: "Alerts <alerts@social.example>", severities: ["critical"] }),
        slack(secret(stack, "slack_url"), { channel: "#alerts", severities: ["warning"] }),
        pagerDuty(secret(stack, "pagerduty_key"), { severities: ["critical"] }),
        webhook("https://hooks.example/alerts"),
      ],
      deadMansSwitch: secret(stack, "switch_url"),
    }),
    { settings: (stack) => [server(stack)] },
  );
  expect(config.replace(INHIBITIONS, "inhibit_rules: …\n")).toBe(
    readFileSync(join(__dirname, "monitoring-alertmanager.expected"), "utf8"),
  );
  const owner = "root:prometheus";
  expect(files).toEqual([
    ["/etc/prometheus/receivers/slack-3", "<secret slack_url>\n", "0640", owner],
    ["/etc/prometheus/receivers/pagerduty-4", "<secret pagerduty_key>\n", "0640", owner],
    ["/etc/prometheus/receivers/webhook-5", "https://hooks.example/alerts\n", "0640", owner],
    ["/etc/prometheus/receivers/dead-mans-switch", "<secret switch_url>\n", "0640", owner],
    ["/etc/prometheus/receivers/mail-password", "<secret smtp_password>\n", "0640", owner],
    ["/etc/prometheus/receivers/mail-ca.pem", CA, "0640", owner],
  ]);
  const calls = host.calls.filter(({ why }) => why === "alerts").map(({ to, port }) => `${to.name}:${port}`);
  expect(calls).toEqual(["where alerts go:443", "events.pagerduty.com:443", "hooks.example:443", "smtp.example:587"]);
  expect(problems()).toEqual([]);
});

test("no secret is in the configuration", () => {
  const { config } = sending(
    (stack) => ({
      to: [
        slack(secret(stack, "slack_url")),
        pagerDuty(secret(stack, "key")),
        webhook(secret(stack, "url")),
        byMail("a@example.org"),
      ],
      deadMansSwitch: secret(stack, "switch"),
    }),
    { settings: (stack) => [server(stack)] },
  );
  expect(config).not.toMatch(/<secret|var\.|TfToken/);
});

test("messages have the URL of the alert's paragraph in the page's runbooks", () => {
  const { config, problems } = sending(() => ({
    to: [byMail("ops@example.org")],
    runbooks: "https://git.example/ops/runbooks.md",
  }));
  const lines = config.split("\n").filter((line) => line.includes("runbooks"));
  expect(new Set(lines)).toEqual(new Set(["          https://git.example/ops/runbooks.md#{{ .Labels.alertname | toLower }}"]));
  expect(problems()).toEqual([]);
});

test("without receivers nobody gets anything", () => {
  const { config, files } = sending(() => ({}));
  expect(config.slice(config.indexOf("receivers:"))).toBe(
    "receivers:\n  - name: nobody\n  - name: critical\n  - name: warning\n",
  );
  expect(files).toEqual([]);
});

const smtp = (config: string) => config.slice(0, config.indexOf("route:"));

test("mail goes to the cloud's mailbox if the page has no mail server", () => {
  const { config, problems } = sending(() => ({ to: [byMail("ops@example.org")] }));
  expect(smtp(config)).toBe(`global:
  resolve_timeout: 5m
  smtp_smarthost: 10.20.0.10:1025
  smtp_from: alerts@social.example
  smtp_hello: social.example
  smtp_require_tls: false
  smtp_tls_config:
    insecure_skip_verify: true
`);
  expect(problems()).toEqual([]);
});

test("TLS from the first byte on port 465, and on no other port", () => {
  const implicit = (port: number) =>
    sending(() => ({ to: [byMail("ops@example.org")] }), {
      settings: () => [mail({ server: "smtp.example", port, tls: "implicit", from: "hello@social.example" })],
    });
  expect(smtp(implicit(465).config)).toBe(`global:
  resolve_timeout: 5m
  smtp_smarthost: smtp.example:465
  smtp_from: hello@social.example
  smtp_hello: social.example
  smtp_require_tls: false
`);
  expect(implicit(465).problems()).toEqual([]);
  expect(implicit(4650).problems()).toEqual([
    "stack/Social/Rest/Hosts: alerts go by mail, and smtp.example takes TLS from the first byte on port 4650 / use port 465 for that, or STARTTLS: Alertmanager knows no other way; or give another receiver",
  ]);
});

test("mail without a mail server is a problem", () => {
  const none: MonitoringPage = { settings: () => [mail("none")] };
  expect(sending(() => ({ to: [byMail("ops@example.org")] }), none).problems()).toEqual([
    "stack/Social/Rest/Hosts: alerts go by mail, and the site has no mail server / add mail({ server, from, … }) to the settings of the site, or give another receiver, such as slack(url)",
  ]);
  expect(sending(() => ({ to: [webhook("https://hooks.example/alerts")] }), none).problems()).toEqual([]);
});

const WRONG: Readonly<Record<string, readonly [AlertsProps, string]>> = {
  "a receiver for nothing": [
    { to: [webhook("https://hooks.example", { severities: [] })] },
    "severities of a receiver (webhook) is empty / give critical, warning or both, or leave the receiver out",
  ],
  "an address that is none": [
    { to: [byMail("ops")] },
    'the address of byMail is "ops" / give one address, as in hello@social.example or Social <hello@social.example>',
  ],
  "a URL that is none": [
    { to: [webhook("hooks.slack.com/x")] },
    'webhook is "hooks.slack.com/x" / give an address that begins with https:// or http://, such as https://alerts.example/hook',
  ],
  "a switch that is no URL": [
    { deadMansSwitch: "ping" },
    'deadMansSwitch is "ping" / give an address that begins with https:// or http://, such as https://alerts.example/hook',
  ],
  "a key in plain text": [
    { to: [pagerDuty("0123")] },
    'the key of pagerDuty is written in the page, which the plan would contain in plain text / give a new Secret(stack, "…", …) or another sensitive variable',
  ],
  "a URL of Slack in plain text": [
    { to: [slack("https://hooks.slack.com/services/x")] },
    'the URL of slack is written in the page, which the plan would contain in plain text / give a new Secret(stack, "…", …) or another sensitive variable',
  ],
  "a limit of no time": [{ queueSeconds: { push: 0 } }, "push of queueSeconds is 0 / use a whole number from 1"],
  "an objective that nobody keeps": [
    { objectives: { pages: 100 } },
    "pages of objectives is 100 / give a share in percent, from 90 to 99.99",
  ],
  "runbooks that are no URL": [
    { runbooks: "docs/runbooks.md" },
    'runbooks is "docs/runbooks.md" / give an address that begins with https:// or http://, such as https://git.example/ops/runbooks.md',
  ],
  "runbooks with a paragraph of their own": [
    { runbooks: "https://git.example/runbooks.md#alerts" },
    'runbooks is "https://git.example/runbooks.md#alerts" / give the URL of the whole page without # and braces, such as https://git.example/ops/runbooks.md',
  ],
  "runbooks with what templates would take for theirs": [
    { runbooks: "https://git.example/{{ .x }}/runbooks.md".replaceAll(" ", "") },
    'runbooks is "https://git.example/{{.x}}/runbooks.md" / give the URL of the whole page without # and braces, such as https://git.example/ops/runbooks.md',
  ],
  "certificates that are never new enough": [
    { certificateDays: 100 },
    "certificateDays is 100 / use a whole number from 4 to 90",
  ],
};

test.each(Object.entries(WRONG))("%s is a problem of the page", (_, [alerts, problem]) => {
  expect(sending(() => alerts).problems()).toEqual([`stack/Social/Rest/Hosts: ${problem}`]);
});

test("alerts leave by the port of a URL, or that of its scheme", () => {
  const { host } = sending(() => ({
    to: ["http://a.example/x", "HTTP://b.example", "https://c.example", "https://d.example:8443/x", "http://[::1:2]:81/"].map(
      (url) => webhook(url),
    ),
  }));
  const calls = host.calls.filter(({ why }) => why === "alerts").map(({ to, port }) => [to.name, port]);
  expect(calls).toEqual([
    ["a.example", 80],
    ["b.example", 80],
    ["c.example", 443],
    ["d.example", 8443],
    ["[::1:2]", 81],
  ]);
});

describe("the value of a secret that is a URL", () => {
  const says =
    "does not have the form that it must have; Alertmanager takes a URL that begins with https:// and names no port but 443";
  const checked = (alerts: (url: Secret) => AlertsProps) => {
    const made: Secret[] = [];
    sending((stack) => {
      made.push(secret(stack, "url"));
      return alerts(made[0]!);
    });
    return (value: string) => made[0]!.rules.flatMap((rule) => wrongWith(value, rule) ?? []);
  };

  test.each<readonly [string, (url: Secret) => AlertsProps]>([
    ["webhook", (url) => ({ to: [webhook(url)] })],
    ["slack", (url) => ({ to: [slack(url)] })],
    ["deadMansSwitch", (url) => ({ deadMansSwitch: url })],
  ])("of %s", (_, alerts) => {
    const wrong = checked(alerts);
    for (const fine of [
      "https://h.example/a:b@c",
      "https://h.example:443",
      "https://u:p@h.example/x",
      "https://[2001:db8::1]/x",
    ]) {
      expect(wrong(fine)).toEqual([]);
    }
    for (const bad of [
      "http://h.example/x",
      "h.example/x",
      "https://",
      "https://h.example:8443/x",
      "https:/h.example",
      "https://u:p@h.example:1",
    ]) {
      expect(wrong(bad)).toEqual([says]);
    }
  });

  test("of pagerDuty is a key", () => {
    expect(checked((key) => ({ to: [pagerDuty(key)] }))("0123456789abcdef")).toEqual([]);
  });

  test("is refused by Terraform too", () => {
    const { stack, site } = monitoringPage();
    new Monitoring(site, "Monitoring", { alerts: { to: [slack(secret(stack, "url"))] } });
    expect(Testing.synth(stack)).toContain("Alertmanager takes a URL that begins with https:// and names no port but 443");
  });
});

test("a key from a sensitive variable is fine", () => {
  const key = (stack: Stack) => new TerraformVariable(stack, "key", { type: "string", sensitive: true }).stringValue;
  expect(sending((stack) => ({ to: [pagerDuty(key(stack))] })).problems()).toEqual([]);
});

test("one Alertmanager has no cluster, and two have one", () => {
  expect(clusterOptions("monitoring-1", ["monitoring-1"])).toEqual(["--cluster.listen-address="]);
  expect(clusterOptions("monitoring-2", ["monitoring-1", "monitoring-2"])).toEqual([
    "--cluster.listen-address=0.0.0.0:9094",
    "--cluster.advertise-address=@ADDRESS@:9094",
    "--cluster.peer=monitoring-1:9094",
  ]);
});

test("a mail server that Terraform computes is in the settings, and its certificate is packed by Terraform", () => {
  const { stack, site } = monitoringPage({
    settings: (on) => {
      const variable = (name: string) => new TerraformVariable(on, name, { type: "string" }).stringValue;
      const [host, from, login, ca] = ["host", "sender", "login", "ca"].map(variable);
      return [mail({ server: host!, from: from!, login: login!, password: secret(on, "smtp_password"), ca: ca! })];
    },
  });
  new Monitoring(site, "Monitoring", { alerts: { to: [byMail("ops@example.org")] } });
  const plan = JSON.parse(Testing.synth(stack)) as { readonly locals: Readonly<Record<string, string>> };
  const [, text] = Object.entries(plan.locals).find(([name]) => /^Social_Monitoring_1_MachineBoot_/.test(name))!;
  const lines = text.split("\n").map((line) => line.trim());
  expect(lines.filter((line) => /^(mail-|smtp_|ca_file)/.test(line))).toEqual([
    "mail-password ${var.smtp_password}",
    "mail-ca.pem.base64 ${indent(6, base64encode(var.ca))}",
    "smtp_smarthost: '${var.host}:587'",
    "smtp_from: '${var.sender}'",
    "smtp_hello: social.example",
    "smtp_require_tls: true",
    "smtp_auth_username: '${var.login}'",
    "smtp_auth_password_file: /etc/prometheus/receivers/mail-password",
    "smtp_tls_config:",
    "ca_file: /etc/prometheus/receivers/mail-ca.pem",
  ]);
});
