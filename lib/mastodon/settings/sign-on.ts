// What holds for every way of signing in that is not this server's own: `signOn({ only: true, settingsUrl: "https://login.example/me" })`.

import { wrongUrl } from "../../core/address";
import { Setting } from "../setting";

export interface SignOnProps {
  /**
   * Whether nobody signs in with a password of this server. Accounts that have only such a one are then locked out.
   * @default false
   */
  readonly only?: boolean;
  /**
   * Whether the only way to sign in is taken at once, without a page between. From 4.2 on; needs `only`.
   * @default false
   */
  readonly oneClick?: boolean;
  /**
   * Where an account is made. From 4.2 on.
   * @default - here
   */
  readonly signUpUrl?: string;
  /**
   * Where an account is changed. From 4.2 on.
   * @default - here
   */
  readonly settingsUrl?: string;
}

/** Refused: one click where there are two ways. */
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
