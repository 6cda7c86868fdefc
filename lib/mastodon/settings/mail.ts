// The mail server: `mail({ server: "smtp.example", from: "Social <hello@social.example>", login, password })` among a site's settings.

import { Token } from "cdktf";
import { wrongHost } from "../../core/address";
import { Secret } from "../../core/secret";
import { Setting, SettingTarget } from "../setting";
import { wrongSender } from "../mail-address";
import { isPlain, quotesNothing } from "../unquoted";

export interface MailServer {
  /** The host of the SMTP server. */
  readonly server: string;
  /**
   * Its port.
   * @default 587
   */
  readonly port?: number;
  /**
   * `implicit`: TLS from the first byte. `starttls`: STARTTLS is required. `opportunistic`: STARTTLS if the server offers it, which a man in the
   * middle can prevent. `none`: no encryption.
   * @default - "implicit" on port 465, "starttls" on any other
   */
  readonly tls?: "implicit" | "starttls" | "opportunistic" | "none";
  /**
   * The user name; requires `password`.
   * @default - no authentication
   */
  readonly login?: string;
  /** The user's password, as a `Secret` or a sensitive variable. */
  readonly password?: Secret | string;
  /**
   * The SMTP authentication method.
   * @default - "plain" with a login, "none" without
   */
  readonly authentication?: "plain" | "login" | "cram_md5" | "none";
  /**
   * The host name that Mastodon sends in HELO.
   * @default - the site's domain
   */
  readonly domain?: string;
  /**
   * Whether the mail server's certificate is verified, by the image's CAs or `ca`. If not, a man in the middle can read mail and password.
   * @default true
   */
  readonly verify?: boolean;
  /**
   * The PEM text of the certificate authority that signed the mail server's certificate, if it is not a public one, as in
   * `readFileSync("ca.pem", "utf8")`. A change replaces the machines of the processes that read it.
   * @default - the public authorities of the image
   * @throws at synth if it holds no certificate, or a private key
   */
  readonly ca?: string;
}

export interface MailProps extends MailServer {
  /** The sender, as in `Social <hello@social.example>` or a bare address. */
  readonly from: string;
  /**
   * The Reply-To address.
   * @default - `from`
   */
  readonly replyTo?: string;
  /**
   * The return path, which gets bounces.
   * @default - `from`
   */
  readonly returnPath?: string;
  /**
   * Another server for announcements and other bulk mail, so that spam complaints about those do not block confirmation mail. From 4.4 on.
   * @default - the same server
   */
  readonly bulk?: MailServer;
}

const STARTTLS = { implicit: "never", starttls: "always", opportunistic: "auto", none: "never" } as const;

/** The setting `mail("none")`: no mail is sent. */
export const NO_MAIL: Setting = {
  name: "mail",
  // Only Sidekiq sends mail, and its containers get a sendmail that discards its input.
  fill: (into) => into.set("SMTP_DELIVERY_METHOD", "sendmail", ["sidekiq"]),
};

/**
 * With `"none"` no mail is sent: users cannot confirm addresses or reset passwords without the administrator (`tootctl accounts modify`), and get
 * no notifications by mail. Mail is discarded without an error.
 *
 * Synth fails for a login without a password or the reverse, implicit TLS on the wrong port, a server that means the local machine, and an address
 * that Ruby's `mail` cannot parse.
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
        "write version 4.4.1 or later, or use another user name on that server: not a number or YAML keyword, and without YAML's special characters",
    });
  }
  if ((props.login === undefined) !== (props.password === undefined)) {
    into.refuse({ wrong: `login or password of ${props.server} is missing`, remedy: "give both, or neither" });
  }
  if ((port === 465) !== (tls === "implicit") && (port === 465 || port === 587 || port === 25)) {
    into.refuse({
      wrong: `tls is "${tls}" on port ${port}`,
      remedy: 'use "implicit" on 465, and "starttls" on 587 and 25: with the other one the connection hangs',
    });
  }
  into.set(`${prefix}SERVER`, props.server);
  into.set(`${prefix}PORT`, port);
  into.calls(`${prefix}SERVER`, props.server, port, "hands in mail");
  into.set(`${prefix}LOGIN`, props.login);
  into.set(`${prefix}PASSWORD`, props.password);
  into.set(`${prefix}AUTH_METHOD`, props.authentication ?? (props.login === undefined ? "none" : "plain"));
  into.set(`${prefix}DOMAIN`, props.domain);
  // Any form of STARTTLS beside implicit TLS makes every delivery fail, and up to 4.4 STARTTLS is the default even then.
  into.set(`${prefix}TLS`, tls === "implicit" ? true : undefined);
  into.set(`${prefix}ENABLE_STARTTLS`, STARTTLS[tls]);
  into.set(`${prefix}OPENSSL_VERIFY_MODE`, tls === "none" ? undefined : (props.verify ?? true) ? "peer" : "none");
  into.certificates(`${prefix}CA_FILE`, prefix === "SMTP_" ? "mail" : "bulk-mail", props.ca);
}
