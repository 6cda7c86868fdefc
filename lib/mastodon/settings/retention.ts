// For how long the server remembers what it knows of its own people: `retention({ addressDays: 30 })`.
// How long it keeps other servers' files and posts is no variable: an administrator says so under Administration, Server settings, Content retention.

import { Setting } from "../setting";

export interface RetentionProps {
  /**
   * Days for which addresses of sign-ups and sessions are kept.
   * @default - 365 of Mastodon
   */
  readonly addressDays?: number;
  /**
   * Days for which a session that nobody uses is kept.
   * @default - 365 of Mastodon
   */
  readonly sessionDays?: number;
  /**
   * Days after which the home feed of someone who stays away is no longer kept up; it is made anew when they return. Fewer save Redis' memory.
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
