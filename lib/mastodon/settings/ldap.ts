// Sign-on by an LDAP directory: `ldap({ host: "ldap.example", base: "dc=example,dc=org", bindDn: "cn=mastodon,dc=example,dc=org", password })`.

import { wrongHost } from "../../core/address";
import { Secret } from "../../core/secret";
import { Setting } from "../setting";

export interface LdapProps {
  readonly host: string;
  /** The search base: the entry below which users are. */
  readonly base: string;
  /** The DN that Mastodon binds with for searches. */
  readonly bindDn: string;
  /** The password of `bindDn`, as a `Secret` or a sensitive variable. */
  readonly password: Secret | string;
  /**
   * The encryption: TLS from the first byte, STARTTLS, or none.
   * @default "tls"
   */
  readonly tls?: "tls" | "starttls" | "none";
  /**
   * Its port.
   * @default - 636 with "tls", 389 without
   */
  readonly port?: number;
  /**
   * Whether its certificate is verified, by the image's CAs or `ca`. If not, a man in the middle can read passwords.
   * @default true
   */
  readonly verify?: boolean;
  /**
   * The PEM text of the certificate authority that signed its certificate, if it is not a public one, as in `readFileSync("ca.pem", "utf8")`. Every
   * connection of Ruby processes then trusts it beside the public ones. A change replaces the machines of the processes that read it.
   * @default - the public authorities of the image
   * @throws at synth if it holds no certificate, or a private key
   */
  readonly ca?: string;
  /**
   * The attribute with the user name.
   * @default "cn"
   */
  readonly uid?: string;
  /**
   * The attribute with the mail address.
   * @default "mail"
   */
  readonly mail?: string;
  /**
   * The search filter, with `%{uid}` and `%{mail}` for the two attributes and `%{email}` for the user's input.
   * @default - by user name or mail address
   */
  readonly filter?: string;
  /**
   * How user names with characters that Mastodon does not allow are rewritten.
   * @default - not rewritten: such users cannot sign in
   */
  readonly rewrite?: { readonly search: string; readonly replace: string };
}

const METHODS = { tls: "simple_tls", starttls: "start_tls", none: "plain" } as const;

export function ldap(props: LdapProps): Setting {
  const tls = props.tls ?? "tls";
  return {
    name: "ldap",
    fill: (into) => {
      into.trust("ldap", props.ca);
      into.refuse(wrongHost("host", props.host));
      into.set("LDAP_ENABLED", true);
      into.set("LDAP_HOST", props.host);
      const port = props.port ?? (tls === "tls" ? 636 : 389);
      into.set("LDAP_PORT", port);
      into.calls("LDAP_HOST", props.host, port, "asks who signs in");
      into.set("LDAP_METHOD", METHODS[tls]);
      into.set("LDAP_TLS_NO_VERIFY", (props.verify ?? true) ? undefined : true);
      into.set("LDAP_BASE", props.base);
      into.set("LDAP_BIND_DN", props.bindDn);
      into.set("LDAP_PASSWORD", props.password);
      into.set("LDAP_UID", props.uid ?? "cn");
      into.set("LDAP_MAIL", props.mail ?? "mail");
      into.set("LDAP_SEARCH_FILTER", props.filter);
      into.set("LDAP_UID_CONVERSION_ENABLED", props.rewrite && true);
      into.set("LDAP_UID_CONVERSION_SEARCH", props.rewrite?.search);
      into.set("LDAP_UID_CONVERSION_REPLACE", props.rewrite?.replace);
    },
  };
}
