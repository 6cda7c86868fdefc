// The mail server for alerts: that of the site's settings, or the cloud's mailbox: `alertMail(host, by)`.

import { Token } from "cdktf";
import { Construct } from "constructs";
import { Host } from "../../core/host";
import { Secret } from "../../core/secret";
import { certificatesIn } from "../certificates";
import { EnvValue } from "../setting";
import { NO_MAIL } from "../settings/mail";
import { Site } from "../site";
import { versionOf } from "../version";

export interface AlertMail {
  readonly host: string;
  readonly port: number;
  readonly from: string;
  /** The name in HELO. */
  readonly hello: string;
  /** Whether STARTTLS is required; on port 465 Alertmanager uses TLS from the first byte. */
  readonly starttls: boolean;
  readonly login: string | undefined;
  readonly password: string | Secret | undefined;
  readonly verify: boolean;
  /** The PEM text of the authority of its certificate, if it is not a public one. */
  readonly ca: string | undefined;
}

const WHY = "alerts";
/** The only port on which Alertmanager uses TLS from the first byte. */
const IMPLICIT_TLS = 465;

/**
 * The mail server, whose access from `host` is recorded. Adds a problem if the site has none.
 * @returns `undefined` if there is none
 */
export function alertMail(host: Host, by: Construct): AlertMail | undefined {
  const site = Site.of(host);
  const { values, certificates } = settingsOf(site);
  const text = (name: string) => (values.has(name) ? String(values.get(name)) : undefined);
  const server = text("SMTP_SERVER");
  if (server === undefined) return inMailbox(site, host, by);
  const port = Number(values.get("SMTP_PORT") ?? 587);
  if ((text("SMTP_SSL") ?? text("SMTP_TLS")) === "true" && port !== IMPLICIT_TLS && !Token.isUnresolved(port)) {
    site.problems.add(by, {
      wrong: `alerts go by mail, and ${server} takes TLS from the first byte on port ${port}`,
      remedy: "use port 465 for that, or STARTTLS: Alertmanager knows no other way; or give another receiver",
    });
  }
  host.reaches({ kind: "external", name: server }, port, WHY);
  const starttls = text("SMTP_ENABLE_STARTTLS") ?? "always";
  const password = values.get("SMTP_PASSWORD");
  return {
    host: server,
    port,
    from: text("SMTP_FROM_ADDRESS") ?? ownSender(site),
    hello: text("SMTP_DOMAIN") ?? site.webDomain,
    starttls: port !== IMPLICIT_TLS && starttls !== "never" && starttls !== "false",
    login: text("SMTP_LOGIN"),
    password: password instanceof Secret ? password : text("SMTP_PASSWORD"),
    verify: text("SMTP_OPENSSL_VERIFY_MODE") !== "none",
    ca: certificates.get("SMTP_CA_FILE"),
  };
}

function inMailbox(site: Site, host: Host, by: Construct): AlertMail | undefined {
  const found = site.settings.includes(NO_MAIL) ? undefined : site.mailbox?.reachedBy(host, WHY);
  if (found === undefined) {
    site.problems.add(by, {
      wrong: "alerts go by mail, and the site has no mail server",
      remedy: "add mail({ server, from, … }) to the settings of the site, or give another receiver, such as slack(url)",
    });
    return undefined;
  }
  const none = { login: undefined, password: undefined, ca: undefined };
  return {
    host: found.address,
    port: found.port,
    from: ownSender(site),
    hello: site.webDomain,
    starttls: false,
    verify: false,
    ...none,
  };
}

const ownSender = (site: Site) => `alerts@${site.webDomain}`;

interface Collected {
  readonly values: ReadonlyMap<string, EnvValue>;
  /** The PEM text for a variable that names a file of certificates. */
  readonly certificates: ReadonlyMap<string, string>;
}

// Any setting may set these variables, and Sidekiq reports what is wrong with them.
function settingsOf(site: Site): Collected {
  const version = versionOf(site);
  const values = new Map<string, EnvValue>();
  const certificates = new Map<string, string>();
  for (const setting of site.settings) {
    setting.fill({
      webDomain: site.webDomain,
      isBefore: (other) => version.isBefore(other),
      set: (name, value) => void (value === undefined || values.set(name, value)),
      certificates: (name, _file, pem) => void (pem === undefined || certificates.set(name, certificatesIn(pem).certificates)),
      trust: () => undefined,
      calls: () => undefined,
      refuse: () => undefined,
    });
  }
  for (const [name, value] of Object.entries(site.extraEnv)) {
    values.set(name, typeof value === "object" && "newer" in value ? value.value : value);
  }
  return { values, certificates };
}
