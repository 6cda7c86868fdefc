// Checks the consistency of variables, from whichever prop: `checkConsistency(site, tier, env)` refuses incomplete and contradictory sets.

import { Construct } from "constructs";
import { Env } from "../core/env";
import { Site } from "./site";

/** With the variable on the left, a process fails or ignores it unless at least one variable of each list is set. */
const NEEDS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  LDAP_ENABLED: [["LDAP_BASE"], ["LDAP_BIND_DN"], ["LDAP_PASSWORD"]],
  OIDC_ENABLED: [["OIDC_SCOPE"], ["OIDC_ISSUER"], ["OIDC_CLIENT_ID"], ["OIDC_CLIENT_SECRET"]],
  SAML_ENABLED: [["SAML_ACS_URL"], ["SAML_IDP_SSO_TARGET_URL"], ["SAML_IDP_CERT", "SAML_IDP_CERT_FINGERPRINT"]],
  CAS_ENABLED: [["CAS_URL", "CAS_HOST"]],
  // It removes the password form, which LDAP and PAM use as well.
  OMNIAUTH_ONLY: [["OIDC_ENABLED", "SAML_ENABLED", "CAS_ENABLED"]],
  SWIFT_ENABLED: [["SWIFT_AUTH_URL"], ["SWIFT_CONTAINER"], ["SWIFT_OBJECT_URL"]],
  ES_ENABLED: [["ES_HOST"]],
  BULK_SMTP_PORT: [["BULK_SMTP_SERVER"]],
};

/** Mastodon uses one variable of each list only, and which one is undefined. */
const RIVALS: readonly (readonly string[])[] = [
  ["S3_ENABLED", "SWIFT_ENABLED", "AZURE_ENABLED"],
  ["DEEPL_API_KEY", "LIBRE_TRANSLATE_ENDPOINT"],
];

export function checkConsistency(site: Site, by: Construct, env: Env): void {
  const there = (name: string) => env.all[name] !== undefined;
  for (const [name, lists] of Object.entries(NEEDS)) {
    const missing = there(name) ? lists.filter((list) => !list.some(there)) : [];
    for (const list of missing) {
      site.problems.add(by, { wrong: `${name} is set without ${list.join(" or ")}`, remedy: "set both, or neither" });
    }
  }
  // With one provider, Mastodon puts its URL into the content security policy. Without OIDC_AUTH_ENDPOINT it requests it from the issuer at boot.
  const alone = !there("SAML_ENABLED") && !there("CAS_ENABLED");
  if (there("ONE_CLICK_SSO_LOGIN") && there("OMNIAUTH_ONLY") && there("OIDC_ENABLED") && alone && !there("OIDC_AUTH_ENDPOINT")) {
    site.problems.add(by, {
      wrong:
        "ONE_CLICK_SSO_LOGIN with OpenID Connect alone is set without OIDC_AUTH_ENDPOINT, so no process would start while the issuer is down",
      remedy:
        "give openId() authorizationEndpoint, which is authorization_endpoint in the issuer's /.well-known/openid-configuration, or leave oneClick out",
    });
  }
  for (const rivals of RIVALS) {
    const both = rivals.filter(there);
    if (both.length > 1) site.problems.add(by, { wrong: `${both.join(" and ")} are set`, remedy: "keep one of them" });
  }
}
