// Sign-on by PAM, with your own image that contains its modules: `pam({ emailDomain: "example.org", service: "rpam" })`.

import { wrongHost } from "../../core/address";
import { Setting } from "../setting";

export interface PamProps {
  /** The domain of users' mail addresses: `name@emailDomain`. */
  readonly emailDomain: string;
  /**
   * The PAM service for sign-in.
   * @default "rpam" of Mastodon
   */
  readonly service?: string;
  /**
   * The PAM service whose user names may not be chosen at sign-up.
   * @default - none
   */
  readonly controlledService?: string;
}

export function pam(props: PamProps): Setting {
  return {
    name: "pam",
    fill: (into) => {
      into.refuse(wrongHost("emailDomain", props.emailDomain));
      into.set("PAM_ENABLED", true);
      into.set("PAM_EMAIL_DOMAIN", props.emailDomain);
      into.set("PAM_DEFAULT_SERVICE", props.service);
      into.set("PAM_CONTROLLED_SERVICE", props.controlledService);
    },
  };
}
