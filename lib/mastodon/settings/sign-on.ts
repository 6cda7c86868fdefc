// Settings for all external sign-on providers: `signOn({ only: true, settingsUrl: "https://login.example/me" })`.

import { wrongUrl } from "../../core/address";
import { Setting } from "../setting";

export interface SignOnProps {
  /**
   * Whether sign-in with a Mastodon password is disabled. Accounts that have only a Mastodon password are then locked out.
   * @default false
   */
  readonly only?: boolean;
  /**
   * Whether the sign-in button redirects to the only provider without a page between. From 4.2 on; needs `only`.
   * @default false
   */
  readonly oneClick?: boolean;
  /**
   * The URL for sign-up. From 4.2 on.
   * @default - Mastodon's own page
   */
  readonly signUpUrl?: string;
  /**
   * The URL for account settings. From 4.2 on.
   * @default - Mastodon's own page
   */
  readonly settingsUrl?: string;
}

/** Synth fails for `oneClick` without `only`. */
export function signOn(props: SignOnProps): Setting {
  return {
    name: "signOn",
    fill: (into) => {
      if (props.oneClick && !props.only) {
        into.refuse({
          wrong: "oneClick is true, but only is not",
          remedy: "give only: true as well, since a password is a second way",
        });
      }
      for (const prop of ["signUpUrl", "settingsUrl"] as const) {
        const url = props[prop];
        if (url !== undefined) into.refuse(wrongUrl(prop, url, { schemes: ["https", "http"], such: "https://login.example/me" }));
      }
      into.set("OMNIAUTH_ONLY", props.only ? true : undefined);
      into.set("ONE_CLICK_SSO_LOGIN", props.oneClick ? true : undefined);
      into.set("SSO_ACCOUNT_SIGN_UP", props.signUpUrl);
      into.set("SSO_ACCOUNT_SETTINGS", props.settingsUrl);
    },
  };
}
