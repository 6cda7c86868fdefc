// Retention of local users' data: `retention({ addressDays: 30 })`.
// Retention of other servers' files and posts is not a variable: set it under Administration, Server settings, Content retention.

import { Setting } from "../setting";

export interface RetentionProps {
  /**
   * Days for which IP addresses of sign-ups and sessions are kept.
   * @default - 365 of Mastodon
   */
  readonly addressDays?: number;
  /**
   * Days for which an unused session is kept.
   * @default - 365 of Mastodon
   */
  readonly sessionDays?: number;
  /**
   * Days after which the home feed of an inactive user is deleted; it is rebuilt when they return. Fewer days save Redis memory.
   * @default - 7 of Mastodon
   */
  readonly homeFeedDays?: number;
}

const DAY = 24 * 60 * 60;

export function retention(props: RetentionProps): Setting {
  return {
    name: "retention",
    fill: (into) => {
      into.set("IP_RETENTION_PERIOD", props.addressDays === undefined ? undefined : props.addressDays * DAY);
      into.set("SESSION_RETENTION_PERIOD", props.sessionDays === undefined ? undefined : props.sessionDays * DAY);
      into.set("USER_ACTIVE_DAYS", props.homeFeedDays);
    },
  };
}
