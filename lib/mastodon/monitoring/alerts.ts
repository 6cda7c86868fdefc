// Who hears of faults, and from which values on something is one: `alerts` of `Monitoring`.

import { Construct } from "constructs";
import { Problem } from "../../core/problems";
import { Secret } from "../../core/secret";
import { Site } from "../site";
import { Queue, versionOf } from "../version";
import { wrongNumber } from "../../core/whole-number";
import { wrongRunbooks } from "./runbook";
import { readUrl, Receiver, wrongReceiver, wrongReceiverUrl } from "./receivers";

/** `critical`: people notice it now, or nothing would help at the next fault. `warning`: they will, unless somebody does something. */
export type Severity = "critical" | "warning";

export interface AlertsProps {
  /**
   * Who gets the alerts: `byMail`, `slack`, `pagerDuty`, `webhook`. Critical ones are sent at once and again every four hours, warnings are collected
   * for some minutes and sent again once a day; both are also sent when they are over. A change is delivered.
   * @default - nobody: alerts are shown on the monitoring machine only
   * @throws at synth if a URL is none, if that of `slack` or the key of `pagerDuty` is plain text, or if one goes by mail and the site has no mail server
   */
  readonly to?: readonly Receiver[];
  /**
   * A URL that is requested (POST) every minute as long as Prometheus and Alertmanager work and reach the internet. Give that of a service which tells
   * you when the requests stop, since nothing on the site can: a dead monitoring machine sends no alert. Whoever knows the URL can keep that
   * service quiet, so give it as a `Secret`, which has to be a URL of https on port 443: firewalls let no other port out for it. A change is delivered.
   * @default - none
   * @throws at synth if it is no URL
   */
  readonly deadMansSwitch?: string | Secret;
  /**
   * How many seconds the oldest job of a queue may wait before there is a warning. People wait for `default` (posts
   * appear in timelines), `mailers` (confirmations), `push` and `ingress` (to and from other servers): for these an alert is critical at five times as many. Raise a limit if the alert comes and goes
   * each day without a complaint; it costs nothing but time until you know. A change is delivered.
   * @default { default: 15, push: 60, ingress: 60, mailers: 300, pull: 600, scheduler: 600, fasp: 600 }
   * @throws at synth if it is not a whole number from 1, or the version has no such queue
   */
  readonly queueSeconds?: Readonly<Partial<Record<Queue, number>>>;
  /**
   * The share of good events in 30 days that you promise, in percent: pages that are answered without an error, minutes in which the queue `default` is
   * below its limit, and minutes in which streaming can be reached. An alert comes when the errors that this allows are used up much too fast: critical if 2 %
   * of them are gone within an hour or 5 % within six, a warning if 10 % are gone within a day or in three. A higher objective wakes you for smaller faults. A
   * change is delivered.
   * @default { pages: 99.5, posts: 99.5, streaming: 99.5 }
   * @throws at synth if it is not from 90 to 99.99
   */
  readonly objectives?: Partial<Objectives>;
  /**
   * How many days before the end of a certificate there is a warning; three days before it is critical. Certificates of the clouds are renewed weeks
   * before. A change is delivered.
   * @default 14
   * @throws at synth if it is not a whole number from 4 to 90
   */
  readonly certificateDays?: number;
  /**
   * Where the people who get alerts read docs/runbooks.md of this package: the URL of a copy of yours, for example in your own repository, shown by a server
   * that makes anchors of headings in lower case, as GitHub, GitLab and Forgejo do. Each alert then has the URL of its paragraph, in messages and as the
   * annotation `runbook_url`, which is what other tools read. It makes the boot text larger, by 0.7 of the 32 KiB that Hetzner takes on a page with
   * all tiers. A change is delivered.
   * @default - messages name the paragraph of the file in this package
   * @throws at synth if it is no URL, or has a fragment
   */
  readonly runbooks?: string;
}

/** In percent. */
export interface Objectives {
  readonly pages: number;
  readonly posts: number;
  readonly streaming: number;
}

/** The limits with their defaults. */
export interface Limits {
  readonly queueSeconds: Readonly<Record<Queue, number>>;
  readonly objectives: Objectives;
  readonly certificateDays: number;
}

/** How long the oldest job of a queue may wait, unless the page says otherwise. */
export const QUEUE_SECONDS: Limits["queueSeconds"] = {
  default: 15,
  push: 60,
  ingress: 60,
  mailers: 300,
  pull: 600,
  scheduler: 600,
  fasp: 600,
};
const OBJECTIVES: Objectives = { pages: 99.5, posts: 99.5, streaming: 99.5 };

export function limitsOf({ queueSeconds, objectives, certificateDays = 14 }: AlertsProps): Limits {
  return {
    queueSeconds: { ...QUEUE_SECONDS, ...queueSeconds },
    objectives: { ...OBJECTIVES, ...objectives },
    certificateDays,
  };
}

/** Adds everything wrong with the props to the problems of the page, and the rules for their secrets. */
export function checkAlerts(by: Construct, alerts: AlertsProps): void {
  const site = Site.of(by);
  const add = (problem: Problem | undefined) => site.problems.add(by, problem);
  for (const receiver of alerts.to ?? []) {
    add(wrongReceiver(receiver));
    if (receiver.kind === "slack" || receiver.kind === "webhook") readUrl(receiver.secret);
  }
  if (alerts.deadMansSwitch !== undefined) {
    add(wrongReceiverUrl("deadMansSwitch", alerts.deadMansSwitch));
    readUrl(alerts.deadMansSwitch);
  }
  const queues: readonly string[] = versionOf(site).queues;
  for (const [queue, seconds] of Object.entries(alerts.queueSeconds ?? {})) {
    add(wrongNumber(`${queue} of queueSeconds`, seconds, { least: 1 }));
    if (!queues.includes(queue)) {
      add({ wrong: `queueSeconds names the queue ${queue}`, remedy: `Mastodon ${site.version} has ${queues.join(", ")}` });
    }
  }
  for (const [name, percent] of Object.entries(alerts.objectives ?? {})) {
    if (percent >= 90 && percent <= 99.99) continue;
    add({ wrong: `${name} of objectives is ${percent}`, remedy: "give a share in percent, from 90 to 99.99" });
  }
  add(wrongRunbooks(alerts.runbooks));
  add(wrongNumber("certificateDays", limitsOf(alerts).certificateDays, { least: 4, most: 90 }));
}
