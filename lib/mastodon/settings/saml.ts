// Signing in by SAML: `saml({ signOnUrl: "https://login.example/saml", certificate: readFileSync("idp.pem", "utf8") })`.

import { wrongUrl } from "../../core/address";
import { Secret } from "../../core/secret";
import { Setting } from "../setting";

export interface SamlProps {
  /** Where people go to sign in. */
  readonly signOnUrl: string;
  /** The other side's certificate, as PEM or as its letters alone. */
  readonly certificate: string;
  /**
   * This server's name there.
   * @default - the host of the web interface
   */
  readonly issuer?: string;
  /**
   * What the button says.
   * @default - "SAML" of Mastodon
   */
  readonly displayName?: string;
  /**
   * This server's own certificate and key, the key in one line as a `Secret` or a sensitive variable, for answers that are encrypted for it.
   * @default - none
   */
  readonly own?: { readonly certificate: string; readonly key: Secret | string };
  /**
   * Whether answers must be signed.
   * @default true
   */
  readonly signed?: boolean;
  /**
   * Whether answers must be encrypted; needs `own`.
   * @default false
   */
  readonly encrypted?: boolean;
  /**
   * Which of its words is the user name.
   * @default - the name that it identifies people by
   */
  readonly uidAttribute?: string;
  /**
   * Which of its words mean what.
   * @default - Mastodon's own
   */
  readonly attributes?: {
    readonly uid?: string;
    readonly email?: string;
    readonly fullName?: string;
    readonly firstName?: string;
    readonly lastName?: string;
    readonly verified?: string;
    readonly verifiedEmail?: string;
  };
  /**
   * Whether its word on mail addresses is believed, so that nobody has to confirm one. Only for one that confirms them itself: whoever can choose
   * an address there takes over its account here.
   * @default false
   */
  readonly trustEmail?: boolean;
  /**
   * By how many seconds clocks may differ.
   * @default - 0 of Mastodon
   */
  readonly clockDriftSeconds?: number;
}

/** Refused: encrypted answers without a key to read them. */
export function saml(props: SamlProps): Setting {
  return {
    name: "saml",
    fill: (into) => {
      if (props.encrypted && props.own === undefined) {
        into.refuse({ wrong: "encrypted is true, but there is no own", remedy: "give own with a certificate and its key" });
      }
      into.refuse(wrongUrl("signOnUrl", props.signOnUrl, { schemes: ["https", "http"], such: "https://login.example/saml" }));
      into.set("SAML_ENABLED", true);
      into.set("SAML_DISPLAY_NAME", props.displayName);
      into.set("SAML_ACS_URL", `https://${into.webDomain}/auth/auth/saml/callback`);
      into.set("SAML_ISSUER", props.issuer ?? into.webDomain);
      into.set("SAML_IDP_SSO_TARGET_URL", props.signOnUrl);
      into.set("SAML_IDP_CERT", lettersOf(props.certificate));
      into.set("SAML_CERT", props.own && lettersOf(props.own.certificate));
      into.set("SAML_PRIVATE_KEY", props.own?.key);
      into.set("SAML_SECURITY_WANT_ASSERTION_SIGNED", props.signed ?? true);
      into.set("SAML_SECURITY_WANT_ASSERTION_ENCRYPTED", props.encrypted);
      into.set("SAML_SECURITY_ASSUME_EMAIL_IS_VERIFIED", props.trustEmail ? true : undefined);
      into.set("SAML_UID_ATTRIBUTE", props.uidAttribute);
      into.set("SAML_ALLOWED_CLOCK_DRIFT", props.clockDriftSeconds);
      for (const [prop, name] of Object.entries(ATTRIBUTES)) {
        into.set(`SAML_ATTRIBUTES_STATEMENTS_${name}`, props.attributes?.[prop as keyof typeof ATTRIBUTES]);
      }
    },
  };
}

const ATTRIBUTES = {
  uid: "UID",
  email: "EMAIL",
  fullName: "FULL_NAME",
  firstName: "FIRST_NAME",
  lastName: "LAST_NAME",
  verified: "VERIFIED",
  verifiedEmail: "VERIFIED_EMAIL",
} as const;

// An env file has no line breaks.
function lettersOf(pem: string): string {
  return pem.replace(/-----(BEGIN|END) [A-Z ]+-----|\s/g, "");
}
