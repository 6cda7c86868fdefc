// Alertmanager's configuration: who gets which alert when, and which alerts are explained by others: `alertmanagerConfig(sending, page)`.

import { Token } from "cdktf";
import { Construct } from "constructs";
import { Scalar, stringify } from "yaml";
import { Host } from "../../core/host";
import { hostOf } from "../../core/address";
import { FileStep } from "../../core/program";
import { HTTP_PORT, HTTPS_PORT } from "../../core/ports";
import { Secret } from "../../core/secret";
import { ALERTMANAGER_PEER_PORT } from "../ports";
import { AlertMail, alertMail } from "./alert-mail";
import type { AlertsProps, Severity } from "./alerts";
import { inhibitions } from "./inhibitions";
import type { Receiver } from "./receivers";
import { runbookTemplate } from "./runbook";
import { Watched } from "./watched";

/** What is sent where. */
export interface Sending {
  readonly alerts: AlertsProps;
  /** The mail server, if a receiver needs it. */
  readonly mail: AlertMail | undefined;
}

/** The sending of a machine with Alertmanager: finds the mail server, and records the connections that it opens. */
export function sendingOf(host: Host, by: Construct, alerts: AlertsProps): Sending {
  const receivers = alerts.to ?? [];
  for (const url of [...receivers.flatMap(urlOf), alerts.deadMansSwitch ?? []].flat()) {
    const { name, port } = endOf(url);
    host.reaches({ kind: "external", name }, port, "alerts");
  }
  return { alerts, mail: receivers.some(({ kind }) => kind === "mail") ? alertMail(host, by) : undefined };
}

/** Where a URL leads. Of a value that is not known on the page, the port of https. */
function endOf(url: string | Secret): { readonly name: string; readonly port: number } {
  const name = (typeof url === "string" ? hostOf(url) : undefined) ?? "where alerts go";
  const [written, port] = /:(\d+)$/.exec(name) ?? [""];
  const ofScheme = typeof url === "string" && /^http:/i.test(url) ? HTTP_PORT : HTTPS_PORT;
  return { name: name.slice(0, name.length - written.length), port: port === undefined ? ofScheme : Number(port) };
}

function urlOf(receiver: Receiver): readonly (string | Secret)[] {
  switch (receiver.kind) {
    case "mail":
      return [];
    case "pagerDuty":
      return ["https://events.pagerduty.com"];
    default:
      return [receiver.secret];
  }
}

/** For the machine's own address in the site's network, which is found on the machine. */
export const OWN_ADDRESS = "@ADDRESS@";

/** Alertmanager's options for its cluster, in which several send each alert once. */
export function clusterOptions(self: string, machines: readonly string[]): readonly string[] {
  if (machines.length < 2) return ["--cluster.listen-address="];
  const peers = machines.filter((name) => name !== self).map((name) => `--cluster.peer=${name}:${ALERTMANAGER_PEER_PORT}`);
  return [
    `--cluster.listen-address=0.0.0.0:${ALERTMANAGER_PEER_PORT}`,
    // It takes that of the default interface otherwise, which a cloud may have given another private address.
    `--cluster.advertise-address=${OWN_ADDRESS}:${ALERTMANAGER_PEER_PORT}`,
    ...peers,
  ];
}

const DIRECTORY = "/etc/prometheus/receivers";
const MAIL_PASSWORD = `${DIRECTORY}/mail-password`;
const MAIL_CA = `${DIRECTORY}/mail-ca.pem`;
const SWITCH = `${DIRECTORY}/dead-mans-switch`;

interface Numbered {
  readonly receiver: Receiver;
  /** The file with its URL or key. */
  readonly file: string;
}

const numbered = ({ to = [] }: AlertsProps): readonly Numbered[] =>
  to.map((receiver, n) => ({ receiver, file: `${DIRECTORY}/${receiver.kind.toLowerCase()}-${n + 1}` }));

/** The files that the configuration refers to: URLs, keys and the mail server's password, each in one of its own. */
export function receiverFiles({ alerts, mail }: Sending): readonly FileStep[] {
  const file = (path: string, content: string | Secret): FileStep => ({
    kind: "file",
    path,
    content: () => `${content}\n`,
    mode: "0640",
    owner: "root:prometheus",
  });
  return [
    ...numbered(alerts).flatMap(({ receiver, file: path }) => ("secret" in receiver ? [file(path, receiver.secret)] : [])),
    ...(alerts.deadMansSwitch === undefined ? [] : [file(SWITCH, alerts.deadMansSwitch)]),
    ...(mail?.password === undefined ? [] : [file(MAIL_PASSWORD, mail.password)]),
    ...(mail?.ca === undefined ? [] : [file(MAIL_CA, mail.ca.trimEnd())]),
  ];
}

/** alertmanager.yml. It has no secret. */
export function alertmanagerConfig({ alerts, mail }: Sending, page: Watched): string {
  const severities = ["critical", "warning"] as const;
  const config = {
    global: { resolve_timeout: "5m", ...(mail && smtp(mail)) },
    route: {
      receiver: "nobody",
      group_by: ["alertname", "tier"],
      routes: [
        {
          matchers: ['alertname="Watchdog"'],
          receiver: alerts.deadMansSwitch === undefined ? "nobody" : "dead-mans-switch",
          group_wait: "0s",
          group_interval: "1m",
          // A little less than the interval, since it counts from the end of the last request.
          repeat_interval: "50s",
        },
        // Long enough that a cause is known before what follows from it is sent.
        route("critical", { group_wait: "10s", group_interval: "1m", repeat_interval: "4h" }),
        route("warning", { group_wait: "2m", group_interval: "15m", repeat_interval: "1d" }),
      ],
    },
    inhibit_rules: inhibitions(page),
    receivers: [
      { name: "nobody" },
      ...(alerts.deadMansSwitch === undefined
        ? []
        : [{ name: "dead-mans-switch", webhook_configs: [{ url_file: SWITCH, send_resolved: false }] }]),
      ...severities.map((severity) => ({ name: severity, ...configsOf(alerts, severity) })),
    ],
  };
  return stringify(config, { lineWidth: 0, aliasDuplicateObjects: false });
}

interface Times {
  readonly group_wait: string;
  readonly group_interval: string;
  readonly repeat_interval: string;
}

const route = (severity: Severity, times: Times) => ({ matchers: [`severity="${severity}"`], receiver: severity, ...times });

function smtp({ host, port, from, hello, starttls, login, password, verify, ca }: AlertMail) {
  const tls = { ...(ca !== undefined && { ca_file: MAIL_CA }), ...(!verify && { insecure_skip_verify: true }) };
  return {
    smtp_smarthost: computed(`${host}:${port}`),
    smtp_from: computed(from),
    smtp_hello: hello,
    smtp_require_tls: starttls,
    ...(login !== undefined && { smtp_auth_username: computed(login) }),
    ...(password !== undefined && { smtp_auth_password_file: MAIL_PASSWORD }),
    ...(Object.keys(tls).length > 0 && { smtp_tls_config: tls }),
  };
}

/** A value for YAML. One that Terraform fills in may have signs which mean something there. */
function computed(value: string): string | Scalar {
  if (!Token.isUnresolved(value)) return value;
  return Object.assign(new Scalar(value), { type: Scalar.QUOTE_SINGLE });
}

function configsOf(alerts: AlertsProps, severity: Severity) {
  const configs: Record<string, object[]> = {};
  for (const { receiver, file } of numbered(alerts)) {
    if (!receiver.severities.includes(severity)) continue;
    const [kind, config] = configOf(receiver, file, text(alerts.runbooks));
    (configs[kind] ??= []).push(config);
  }
  return configs;
}

// Alertmanager's own templates list labels before what people notice.
const TITLE =
  '[{{ if eq .Status "firing" }}{{ .CommonLabels.severity }}{{ else }}over{{ end }}] {{ with index .Alerts 0 }}{{ .Annotations.summary }}{{ end }}' +
  "{{ if gt (len .Alerts) 1 }} (and {{ len (slice .Alerts 1) }} more){{ end }}";
const text = (runbooks: string | undefined) =>
  "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.description }}\n" +
  `{{ .Labels.alertname }}, {{ .Status }} since {{ .StartsAt.UTC.Format "2006-01-02 15:04:05" }} UTC\n${runbookTemplate(runbooks)}\n\n{{ end }}`;

function configOf(receiver: Receiver, file: string, body: string): readonly [string, object] {
  switch (receiver.kind) {
    case "mail": {
      const { to, from } = receiver;
      const parts = { headers: { Subject: TITLE }, html: "", text: body };
      return ["email_configs", { to, ...(from !== undefined && { from }), send_resolved: true, ...parts }];
    }
    case "webhook":
      return ["webhook_configs", { url_file: file, send_resolved: true }];
    case "slack": {
      const { channel } = receiver;
      return [
        "slack_configs",
        { api_url_file: file, ...(channel !== undefined && { channel }), send_resolved: true, title: TITLE, text: body },
      ];
    }
    case "pagerDuty":
      return ["pagerduty_configs", { routing_key_file: file, send_resolved: true, description: TITLE, severity: SEVERITY }];
  }
}

const SEVERITY = '{{ if eq .CommonLabels.severity "critical" }}critical{{ else }}warning{{ end }}';
