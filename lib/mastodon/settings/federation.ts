// Federation with other servers, and access without sign-in: `federation({ authorizedFetch: true })`.

import { Setting } from "../setting";

export interface FederationProps {
  /**
   * Whether it federates with allowed servers only, and shows nothing without sign-in (`LIMITED_FEDERATION_MODE`). For a new server: if it is
   * switched on later, users lose those whom they follow.
   * @default false
   */
  readonly limited?: boolean;
  /**
   * Whether other servers must sign their fetch requests, so that blocked servers get nothing. Responses can be cached less, and a few programs
   * cannot sign.
   * @default false
   */
  readonly authorizedFetch?: boolean;
  /**
   * Whether the API requires sign-in.
   * @default false
   */
  readonly membersOnlyApi?: boolean;
  /**
   * Whether the front page is the first account's profile, and sign-up is closed.
   * @default false
   */
  readonly singleUser?: boolean;
  /**
   * Whether follower lists are synchronized with other servers.
   * @default true
   */
  readonly followersSync?: boolean;
  /**
   * Private addresses or ranges that Mastodon may connect to, such as another server's in the same network.
   * @default - none
   */
  readonly allowedPrivateAddresses?: readonly string[];
}

export function federation(props: FederationProps): Setting {
  return {
    name: "federation",
    fill: (into) => {
      into.set("LIMITED_FEDERATION_MODE", props.limited ? true : undefined);
      into.set("AUTHORIZED_FETCH", props.authorizedFetch ? true : undefined);
      into.set("DISALLOW_UNAUTHENTICATED_API_ACCESS", props.membersOnlyApi ? true : undefined);
      into.set("SINGLE_USER_MODE", props.singleUser ? true : undefined);
      into.set("DISABLE_FOLLOWERS_SYNCHRONIZATION", (props.followersSync ?? true) ? undefined : true);
      into.set("ALLOWED_PRIVATE_ADDRESSES", props.allowedPrivateAddresses?.join(","));
    },
  };
}
