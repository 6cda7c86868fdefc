// Users' files in OpenStack Swift: `swiftObjects({ authUrl: "https://keystone.example/v3", … })` among a site's settings.

import { wrongUrl } from "../../core/address";
import { Secret } from "../../core/secret";
import { Setting } from "../setting";

export interface SwiftObjectsProps {
  /** The URL of Keystone. */
  readonly authUrl: string;
  readonly user: string;
  /** The user's password, as a `Secret` or a sensitive variable. */
  readonly password: Secret | string;
  readonly projectId: string;
  /** The container. Its objects must be publicly readable, and its listing must not be. */
  readonly container: string;
  readonly region: string;
  /** The public URL of the container's files. */
  readonly objectUrl: string;
  /**
   * The container's key for temporary URLs (`X-Container-Meta-Temp-URL-Key`, or the account's), as a `Secret` or a sensitive variable. With it
   * Mastodon signs the URLs of users' archives, which contain all their posts and messages. A change replaces the machines.
   * @default - those URLs are not signed: anyone with the URL can fetch the archive
   * @throws at synth for Mastodon before 4.1.2, which does not read it
   */
  readonly temporaryUrlKey?: Secret | string;
  /**
   * The domain of user and project.
   * @default "default"
   */
  readonly domain?: string;
}

export function swiftObjects(props: SwiftObjectsProps): Setting {
  return {
    name: "swiftObjects",
    fill: (into) => {
      into.refuse(wrongUrl("authUrl", props.authUrl, { schemes: ["https", "http"], such: "https://keystone.example/v3" }));
      into.refuse(
        wrongUrl("objectUrl", props.objectUrl, { schemes: ["https"], such: "https://store.example/v1/AUTH_social/media" }),
      );
      into.set("SWIFT_ENABLED", true);
      into.set("SWIFT_AUTH_URL", props.authUrl);
      into.set("SWIFT_USERNAME", props.user);
      into.set("SWIFT_PASSWORD", props.password);
      into.set("SWIFT_PROJECT_ID", props.projectId);
      into.set("SWIFT_DOMAIN_NAME", props.domain);
      into.set("SWIFT_CONTAINER", props.container);
      into.set("SWIFT_REGION", props.region);
      into.set("SWIFT_OBJECT_URL", props.objectUrl);
      into.set("SWIFT_TEMP_URL_KEY", props.temporaryUrlKey);
    },
  };
}
