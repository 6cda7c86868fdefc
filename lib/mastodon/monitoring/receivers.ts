// Who gets alerts: `alerts: { to: [byMail("ops@example.org"), pagerDuty(key, { severities: ["critical"] })] }`.

import { Token } from "cdktf";
import { wrongUrl } from "../../core/address";
import { HTTPS_PORT } from "../../core/ports";
import { Problem } from "../../core/problems";
import { Secret } from "../../core/secret";
import { SecretRule } from "../../core/secret-rule";
import { wrongSender } from "../mail-address";
import type { Severity } from "./alerts";

export interface ReceiverProps {
  /**
   * Which alerts are sent: `critical` ones, which people notice, `warning`s, which are for the next working day, or both.
   * @default ["critical", "warning"]
   * @throws at synth if it is empty
   */
  readonly severities?: readonly Severity[];
}

export interface ByMailProps extends ReceiverProps {
  /**
   * The sender.
   * @default - the sender of Mastodon's own mail
   * @throws at synth if it is no address
   */
  readonly from?: string;
}

export interface SlackProps extends ReceiverProps {
  /**
   * The channel, such as `#alerts`.
   * @default - that of the URL
   */
  readonly channel?: string;
}

/** One of `byMail`, `webhook`, `slack` and `pagerDuty`. */
export type Receiver = (
  | { readonly kind: "mail"; readonly to: string; readonly from: string | undefined }
  | { readonly kind: "webhook"; readonly secret: string | Secret }
  | { readonly kind: "slack"; readonly secret: string | Secret; readonly channel: string | undefined }
  | { readonly kind: "pagerDuty"; readonly secret: string | Secret }
) & { readonly severities: readonly Severity[] };

const BOTH: readonly Severity[] = ["critical", "warning"];

/**
 * Sends alerts by mail, through the mail server of the site's settings or, without one, to the cloud's mailbox. Mail is the only one that needs nobody
 * else's service, and it is slow: give critical alerts another way too.
 */
export function byMail(address: string, { from, severities = BOTH }: ByMailProps = {}): Receiver {
  return { kind: "mail", to: address, from, severities };
}

/**
 * Sends alerts as JSON (POST) in Alertmanager's format to a URL of your own. Given as a `Secret`, it has to be one of https on port 443: of a secret no
 * port is known, so firewalls let alerts out on that port only.
 */
export function webhook(url: string | Secret, { severities = BOTH }: ReceiverProps = {}): Receiver {
  return { kind: "webhook", secret: url, severities };
}

/**
 * Sends alerts to an incoming webhook of Slack, or of a server that takes Slack's format: Mattermost, Rocket.Chat, a bridge to Matrix. Whoever knows the
 * URL can write there, so give it as a `Secret`, which has to be a URL of https on port 443, as for `webhook`.
 * @throws at synth if the URL is plain text
 */
export function slack(url: string | Secret, { channel, severities = BOTH }: SlackProps = {}): Receiver {
  return { kind: "slack", secret: url, channel, severities };
}

/**
 * Sends alerts to PagerDuty, by the integration key of a service (Events API v2), as a `Secret`.
 * @throws at synth if the key is plain text
 */
export function pagerDuty(key: string | Secret, { severities = BOTH }: ReceiverProps = {}): Receiver {
  return { kind: "pagerDuty", secret: key, severities };
}

/** What is wrong with a receiver. */
export function wrongReceiver(receiver: Receiver): Problem | undefined {
  if (receiver.severities.length === 0) {
    return {
      wrong: `severities of a receiver (${receiver.kind}) is empty`,
      remedy: "give critical, warning or both, or leave the receiver out",
    };
  }
  switch (receiver.kind) {
    case "mail":
      return wrongAddress("the address of byMail", receiver.to) ?? wrongAddress("from of byMail", receiver.from);
    case "pagerDuty":
      return inPlainText("the key of pagerDuty", receiver.secret);
    case "slack":
      return inPlainText("the URL of slack", receiver.secret);
    case "webhook":
      return wrongReceiverUrl(receiver.kind, receiver.secret);
  }
}

/**
 * Lets the value of a secret that is a URL be checked when it is known: by Terraform before any change, and by `cdktf-mastodon secrets check`. Of a secret
 * no port is known on the page, so firewalls let alerts out on that of https only.
 */
export function readUrl(url: string | Secret): void {
  if (url instanceof Secret) url.readBy(URL_OF_HTTPS);
}

const URL_OF_HTTPS: SecretRule = {
  reader: "Alertmanager",
  pattern: `^https://([^/?#@]*@)?([^/:?#@\\[]+|\\[[0-9A-Fa-f:.]+\\])(:${HTTPS_PORT})?([/?#].*)?$`,
  allowed: `a URL that begins with https:// and names no port but ${HTTPS_PORT}`,
};

/** What is wrong with a URL that alerts go to. A secret's value is not known. */
export function wrongReceiverUrl(prop: string, url: string | Secret): Problem | undefined {
  return typeof url === "string"
    ? wrongUrl(prop, url, { schemes: ["https", "http"], such: "https://alerts.example/hook" })
    : undefined;
}

function wrongAddress(prop: string, address: string | undefined): Problem | undefined {
  const found = address === undefined ? undefined : wrongSender(prop, address, false);
  return found && { ...found, wrong: `${prop} is "${address}"` };
}

function inPlainText(what: string, value: string | Secret): Problem | undefined {
  if (typeof value !== "string" || Token.isUnresolved(value)) return undefined;
  return {
    wrong: `${what} is written in the page, which the plan would contain in plain text`,
    remedy: 'give a new Secret(stack, "…", …) or another sensitive variable',
  };
}
