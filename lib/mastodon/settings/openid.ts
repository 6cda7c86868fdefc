// Signing in by OpenID Connect: `openId({ issuer: "https://login.example/realms/social", clientId: "mastodon", clientSecret })`.

import { wrongUrl } from "../../core/address";
import { Secret } from "../../core/secret";
import { Setting } from "../setting";

export interface OpenIdProps {
  /** Who vouches for people; below it lies `/.well-known/openid-configuration`, which is read when somebody signs in. */
  readonly issuer: string;
  /** This server's name there. */
  readonly clientId: string;
  /** Its secret, as a `Secret` or a sensitive variable. */
  readonly clientSecret: Secret | string;
  /**
   * What the button says.
   * @default - "Openid Connect" of Mastodon
   */
  readonly displayName?: string;
  /**
   * What is asked for; `openid` must be there.
   * @default ["openid", "profile", "email"]
   */
  readonly scopes?: readonly string[];
  /**
   * Which of its words becomes the user name. A change makes new accounts for those who sign in.
   * @default "preferred_username"
   */
  readonly uidField?: string;
  /**
   * Whether its word on mail addresses is believed, so that nobody has to confirm one. Only for an issuer that confirms them itself: whoever can
   * choose an address there takes over its account here.
   * @default false
   */
  readonly trustEmail?: boolean;
  /**
   * Whether a stolen code is of no use. From 4.3 on.
   * @default - false of Mastodon
   */
  readonly pkce?: boolean;
  /**
   * The issuer's `authorization_endpoint`, as its `/.well-known/openid-configuration` says. `signOn({ only: true, oneClick: true })` needs it where
   * this is the only provider: Mastodon names that address in each page's security policy, and would otherwise ask the issuer for it at every
   * start of every process, and not start while the issuer is away. A change replaces the web and Sidekiq machines.
   * @default - the issuer is asked when somebody signs in
   */
  readonly authorizationEndpoint?: string;
  /**
   * Where everything is, for an issuer that does not say so itself.
   * @default - the issuer says so
   */
  readonly endpoints?: {
    readonly authorization: string;
    readonly token: string;
    readonly userInfo: string;
    readonly jwks: string;
    readonly endSession?: string;
  };
}

function addresses({ issuer, authorizationEndpoint, endpoints }: OpenIdProps): Readonly<Record<string, string | undefined>> {
  const named = Object.entries(endpoints ?? {}).map(([name, url]) => [`endpoints.${name}`, url]);
  return { issuer, authorizationEndpoint, ...(Object.fromEntries(named) as Record<string, string>) };
}

/** Refused: scopes without `openid`, an issuer that is no https address, two authorization endpoints. */
export function openId(props: OpenIdProps): Setting {
  const scopes = props.scopes ?? ["openid", "profile", "email"];
  return {
    name: "openId",
    fill: (into) => {
      if (!scopes.includes("openid")) {
        into.refuse({
          wrong: `scopes is ${scopes.join(", ") || "empty"}`,
          remedy: 'add "openid", without which there is no identity',
        });
      }
      for (const [prop, url] of Object.entries(addresses(props))) {
        if (url !== undefined) into.refuse(wrongUrl(prop, url, { schemes: ["https"], such: "https://login.example" }));
      }
      if (props.authorizationEndpoint !== undefined && props.endpoints !== undefined) {
        into.refuse({ wrong: "authorizationEndpoint and endpoints are given", remedy: "keep endpoints, which say it as well" });
      }
      into.set("OIDC_ENABLED", true);
      into.set("OIDC_DISPLAY_NAME", props.displayName);
      into.set("OIDC_ISSUER", props.issuer);
      into.set("OIDC_DISCOVERY", props.endpoints === undefined);
      // Without it no process starts.
      into.set("OIDC_SCOPE", scopes.join(","));
      into.set("OIDC_UID_FIELD", props.uidField ?? "preferred_username");
      into.set("OIDC_CLIENT_ID", props.clientId);
      into.set("OIDC_CLIENT_SECRET", props.clientSecret);
      into.set("OIDC_REDIRECT_URI", `https://${into.webDomain}/auth/auth/openid_connect/callback`);
      into.set("OIDC_USE_PKCE", props.pkce);
      into.set("OIDC_SECURITY_ASSUME_EMAIL_IS_VERIFIED", props.trustEmail ? true : undefined);
      into.set("OIDC_AUTH_ENDPOINT", props.endpoints?.authorization ?? props.authorizationEndpoint);
      into.set("OIDC_TOKEN_ENDPOINT", props.endpoints?.token);
      into.set("OIDC_USER_INFO_ENDPOINT", props.endpoints?.userInfo);
      into.set("OIDC_JWKS_URI", props.endpoints?.jwks);
      into.set("OIDC_END_SESSION_ENDPOINT", props.endpoints?.endSession);
    },
  };
}
