// Sign-on by OpenID Connect: `openId({ issuer: "https://login.example/realms/social", clientId: "mastodon", clientSecret })`.

import { wrongUrl } from "../../core/address";
import { Secret } from "../../core/secret";
import { Setting } from "../setting";

export interface OpenIdProps {
  /** The issuer's URL. `/.well-known/openid-configuration` below it is fetched when a user signs in. */
  readonly issuer: string;
  /** The client id of this server at the issuer. */
  readonly clientId: string;
  /** The client secret, as a `Secret` or a sensitive variable. */
  readonly clientSecret: Secret | string;
  /**
   * The label of the sign-in button.
   * @default - "Openid Connect" of Mastodon
   */
  readonly displayName?: string;
  /**
   * The requested scopes; must include `openid`.
   * @default ["openid", "profile", "email"]
   */
  readonly scopes?: readonly string[];
  /**
   * The claim that becomes the user name. After a change, users who sign in get new accounts.
   * @default "preferred_username"
   */
  readonly uidField?: string;
  /**
   * Whether its mail addresses are trusted, so that users need not confirm them. Only for an issuer that confirms addresses itself: otherwise a user
   * who enters someone else's address there gets that person's account here.
   * @default false
   */
  readonly trustEmail?: boolean;
  /**
   * Whether to use PKCE, which makes a stolen authorization code useless. From 4.3 on.
   * @default - false of Mastodon
   */
  readonly pkce?: boolean;
  /**
   * The issuer's `authorization_endpoint`, as in its `/.well-known/openid-configuration`. `signOn({ only: true, oneClick: true })` needs it if this
   * is the only provider: Mastodon puts that URL into its content security policy. Without it every process fetches it from the issuer at each start,
   * and does not start while the issuer is down. A change replaces the web and Sidekiq machines.
   * @default - fetched from the issuer when a user signs in
   */
  readonly authorizationEndpoint?: string;
  /**
   * All endpoints, for an issuer without `/.well-known/openid-configuration`.
   * @default - fetched from the issuer
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

/** Synth fails for scopes without `openid`, an issuer that is not an https URL, and two authorization endpoints. */
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
        into.refuse({ wrong: "authorizationEndpoint and endpoints are given", remedy: "keep endpoints, which include it" });
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
