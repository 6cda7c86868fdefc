// How the server sends mail: `mail({ server: "smtp.example", from: "Social <hello@social.example>", login, password })` among a site's settings.

import { Token } from "cdktf";
import { wrongHost } from "../../core/address";
import { Secret } from "../../core/secret";
import { Setting, SettingTarget } from "../setting";
import { wrongSender } from "../mail-address";
import { isPlain, quotesNothing } from "../unquoted";

export interface MailServer {
  /** The host that takes mail. */
  readonly server: string;
  /**
   * Its port.
   * @default 587
   */
  readonly port?: number;
  /**
   * `implicit`: TLS from the first byte. `starttls`: a plain connection that turns into TLS, or no mail. `opportunistic`: TLS if the server
   * offers it, which whoever is in between can prevent. `none`: never.
   * @default - "implicit" on port 465, "starttls" on any other
   */
  readonly tls?: "implicit" | "starttls" | "opportunistic" | "none";
  /**
   * The user there; with `password` or not at all.
   * @default - it takes mail without
   */
  readonly login?: string;
  /** The user's password, as a `Secret` or a sensitive variable. */
  readonly password?: Secret | string;
  /**
   * How it signs on.
   * @default - "plain" with a login, "none" without
   */
  readonly authentication?: "plain" | "login" | "cram_md5" | "none";
  /**
   * The name that the server greets with.
   * @default - the site's domain
   */
  readonly domain?: string;
  /**
   * Whether the mail server's certificate must be one that the image's CAs, or `ca`, vouch for. Off, anyone in between can read mail and password.
   * @default true
   */
  readonly verify?: boolean;
  /**
   * The certificates, as PEM, of the authority that has signed the mail server's certificate. Give it where no public one does, as in `readFileSync("ca.pem", "utf8")`. A change replaces
   * the machines of the processes that read it.
   * @default - the public authorities of the image
   * @throws at synth if it holds no certificate, or a private key
   */
  readonly ca?: string;
}

export interface MailProps extends MailServer {
  /** Who writes, as in `Social <hello@social.example>` or a bare address. */
  readonly from: string;
  /**
   * Who is answered.
   * @default - `from`
   */
  readonly replyTo?: string;
  /**
   * Who hears of mail that did not arrive.
   * @default - `from`
   */
  readonly returnPath?: string;
  /**
   * Another server for announcements and other mail to everyone, so that a complaint about those does not stop confirmations. From 4.4 on.
   * @default - the same server
   */
  readonly bulk?: MailServer;
}

const STARTTLS = { implicit: "never", starttls: "always", opportunistic: "auto", none: "never" } as const;

/** No mail leaves: what `mail("none")` is. */
export const NO_MAIL: Setting = {
  name: "mail",
  // Only Sidekiq sends, and its containers are given a sendmail that forgets what it is given.
  fill: (into) => into.set("SMTP_DELIVERY_METHOD", "sendmail", ["sidekiq"]),
};

/**
 * With `"none"` no mail leaves: nobody can confirm an address or set a new password without the administrator (`tootctl accounts modify`), and
 * nobody is notified by mail. What Mastodon writes is dropped without an error.
 *
 * Refused: half of a login, TLS from the first byte on a port that never has it, a server that is every machine itself, an address that Ruby's
 * `mail` cannot read.
 */
export function mail(props: MailProps | "none"): Setting {
  if (props === "none") return NO_MAIL;
  return {
    name: "mail",
    fill: (into) => {
      server(into, "SMTP_", "server", props);
      for (const [prop, name] of Object.entries({ from: "FROM_ADDRESS", replyTo: "REPLY_TO", returnPath: "RETURN_PATH" })) {
        const address = props[prop as "from" | "replyTo" | "returnPath"];
        into.set(`SMTP_${name}`, address);
        if (address !== undefined) into.refuse(wrongSender(prop, address, quotesNothing(into.isBefore)));
      }
      if (props.bulk !== undefined) server(into, "BULK_SMTP_", "bulk.server", props.bulk);
    },
  };
}

function server(into: SettingTarget, prefix: string, prop: string, props: MailServer): void {
  const port = props.port ?? 587;
  const tls = props.tls ?? (port === 465 ? "implicit" : "starttls");
  into.refuse(wrongHost(prop, props.server));
  if (props.login !== undefined && quotesNothing(into.isBefore) && !Token.isUnresolved(props.login) && !isPlain(props.login)) {
    into.refuse({
      wrong: `login of ${props.server} is "${props.login}", which Mastodon 4.4.0 reads as YAML, where it means something else`,
      value: props.login,
      remedy:
        "write version 4.4.1 or later, or give the user another name there: not a number or a word of YAML, and none of its signs",
    });
  }
  if ((props.login === undefined) !== (props.password === undefined)) {
    into.refuse({ wrong: `login or password of ${props.server} is missing`, remedy: "give both, or neither" });
  }
  if ((port === 465) !== (tls === "implicit") && (port === 465 || port === 587 || port === 25)) {
    into.refuse({
      wrong: `tls is "${tls}" on port ${port}`,
      remedy: 'use "implicit" on 465, and "starttls" on 587 and 25: the other one is met with silence',
    });
  }
  into.set(`${prefix}SERVER`, props.server);
  into.set(`${prefix}PORT`, port);
  into.calls(`${prefix}SERVER`, props.server, port, "hands in mail");
  into.set(`${prefix}LOGIN`, props.login);
  into.set(`${prefix}PASSWORD`, props.password);
  into.set(`${prefix}AUTH_METHOD`, props.authentication ?? (props.login === undefined ? "none" : "plain"));
  into.set(`${prefix}DOMAIN`, props.domain);
  // STARTTLS in whichever form beside TLS makes every delivery fail, and up to 4.4 it is the default even then.
  into.set(`${prefix}TLS`, tls === "implicit" ? true : undefined);
  into.set(`${prefix}ENABLE_STARTTLS`, STARTTLS[tls]);
  into.set(`${prefix}OPENSSL_VERIFY_MODE`, tls === "none" ? undefined : (props.verify ?? true) ? "peer" : "none");
  into.certificates(`${prefix}CA_FILE`, prefix === "SMTP_" ? "mail" : "bulk-mail", props.ca);
}
