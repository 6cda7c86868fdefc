// Sign-on by CAS: `cas({ url: "https://cas.example" })`.

import { Token } from "cdktf";
import { wrongUrl } from "../../core/address";
import { HTTP_PORT, HTTPS_PORT } from "../../core/ports";
import { Setting } from "../setting";

export interface CasProps {
  /** The URL of the CAS server. */
  readonly url: string;
  /**
   * The label of the sign-in button.
   * @default - "CAS" of Mastodon
   */
  readonly displayName?: string;
  /**
   * The paths below `url` for sign-in, sign-out and ticket validation.
   * @default "/login", "/logout", "/serviceValidate"
   */
  readonly paths?: { readonly login: string; readonly logout: string; readonly validate: string };
  /**
   * The CAS attribute that becomes the user name. After a change, users who sign in get new accounts.
   * @default "user"
   */
  readonly uidField?: string;
  /**
   * The CAS attributes for each field of an account.
   * @default - Mastodon's own: `user`, `name`, `email`, and so on
   */
  readonly keys?: { readonly uid?: string; readonly name?: string; readonly email?: string; readonly nickname?: string };
  /**
   * The PEM text of the certificate authority that signed its certificate, if it is not a public one, as in `readFileSync("ca.pem", "utf8")`. Every
   * connection of Ruby processes then trusts it beside the public ones. A change replaces the machines of the processes that read it.
   * @default - the public authorities of the image
   * @throws at synth if it holds no certificate, or a private key
   */
  readonly ca?: string;
  /**
   * Whether its mail addresses are trusted, so that users need not confirm them.
   * @default false
   */
  readonly trustEmail?: boolean;
}

export function cas(props: CasProps): Setting {
  return {
    name: "cas",
    fill: (into) => {
      into.refuse(wrongUrl("url", props.url, { schemes: ["https", "http"], origin: true, such: "https://cas.example" }));
      const [, scheme, host, port] = /^(https?):\/\/([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d+))?$/.exec(props.url) ?? [];
      if (host === undefined) {
        if (Token.isUnresolved(props.url))
          into.refuse({
            wrong: "url is unknown at synth, and Mastodon needs its parts",
            remedy: "write scheme and host on the page",
          });
        return;
      }
      // CAS_CA_PATH is not used: it names a directory of files by their hashes, which would replace the public certificates.
      into.trust("cas", props.ca);
      into.set("CAS_ENABLED", true);
      into.set("CAS_DISPLAY_NAME", props.displayName);
      into.set("CAS_URL", props.url);
      into.set("CAS_HOST", host);
      into.set("CAS_PORT", port ?? (scheme === "https" ? HTTPS_PORT : HTTP_PORT));
      into.set("CAS_SSL", scheme === "https");
      into.set("CAS_LOGIN_URL", props.paths?.login ?? "/login");
      into.set("CAS_LOGOUT_URL", props.paths?.logout ?? "/logout");
      into.set("CAS_VALIDATE_URL", props.paths?.validate ?? "/serviceValidate");
      into.set("CAS_UID_FIELD", props.uidField ?? "user");
      into.set("CAS_UID_KEY", props.keys?.uid);
      into.set("CAS_NAME_KEY", props.keys?.name);
      into.set("CAS_EMAIL_KEY", props.keys?.email);
      into.set("CAS_NICKNAME_KEY", props.keys?.nickname);
      into.set("CAS_SECURITY_ASSUME_EMAIL_IS_VERIFIED", props.trustEmail ? true : undefined);
    },
  };
}
