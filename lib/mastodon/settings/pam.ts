// Signing in by PAM, in an image of one's own that has its modules: `pam({ emailDomain: "example.org", service: "rpam" })`.

import { wrongHost } from "../../core/address";
import { Setting } from "../setting";

export interface PamProps {
  /** Where the mail of whoever signs in goes: `name@emailDomain`. */
  readonly emailDomain: string;
  /**
   * Which of PAM's services is asked.
   * @default "rpam" of Mastodon
   */
  readonly service?: string;
  /**
   * Which one is asked for names that nobody may choose when they sign up.
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
