// Sign-on by SAML: `saml({ signOnUrl: "https://login.example/saml", certificate: readFileSync("idp.pem", "utf8") })`.

import { wrongUrl } from "../../core/address";
import { Secret } from "../../core/secret";
import { Setting } from "../setting";

export interface SamlProps {
  /** The sign-in URL of the identity provider. */
  readonly signOnUrl: string;
  /** The identity provider's certificate, as PEM or as its base64 text alone. */
  readonly certificate: string;
  /**
   * The entity id of this server at the identity provider.
   * @default - the host of the web interface
   */
  readonly issuer?: string;
  /**
   * The label of the sign-in button.
   * @default - "SAML" of Mastodon
   */
  readonly displayName?: string;
  /**
   * This server's own certificate and key, for encrypted assertions. The key is one line, as a `Secret` or a sensitive variable.
   * @default - none
   */
  readonly own?: { readonly certificate: string; readonly key: Secret | string };
  /**
   * Whether assertions must be signed.
   * @default true
   */
  readonly signed?: boolean;
  /**
   * Whether assertions must be encrypted; needs `own`.
   * @default false
   */
  readonly encrypted?: boolean;
  /**
   * The attribute with the user name.
   * @default - the NameID
   */
  readonly uidAttribute?: string;
  /**
   * The attributes for each field of an account.
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
   * Whether its mail addresses are trusted, so that users need not confirm them. Only for an identity provider that confirms addresses itself:
   * otherwise a user who enters someone else's address there gets that person's account here.
   * @default false
   */
  readonly trustEmail?: boolean;
  /**
   * The allowed clock difference in seconds.
   * @default - 0 of Mastodon
   */
  readonly clockDriftSeconds?: number;
}

/** Synth fails for `encrypted` without `own`. */
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

// Values in an env file have no line breaks.
function lettersOf(pem: string): string {
  return pem.replace(/-----(BEGIN|END) [A-Z ]+-----|\s/g, "");
}
