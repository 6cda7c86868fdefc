// How the server meets others, and whom it shows what: `federation({ authorizedFetch: true })`.

import { Setting } from "../setting";

export interface FederationProps {
  /**
   * Whether it federates with allowed servers only, and shows nothing to whoever is not signed in. For a new server: switched on later it cuts
   * people off from those whom they follow.
   * @default false
   */
  readonly limited?: boolean;
  /**
   * Whether other servers must sign what they fetch, so that blocked ones get nothing. It costs caching, and a few programs cannot.
   * @default false
   */
  readonly authorizedFetch?: boolean;
  /**
   * Whether the API answers only who is signed in.
   * @default false
   */
  readonly membersOnlyApi?: boolean;
  /**
   * Whether the front page is the first account's profile, and nobody can sign up.
   * @default false
   */
  readonly singleUser?: boolean;
  /**
   * Whether lists of followers are compared with other servers'.
   * @default true
   */
  readonly followersSync?: boolean;
  /**
   * Private addresses or ranges that it may fetch from all the same, such as another server's in the same network.
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
