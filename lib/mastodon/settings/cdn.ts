// CDN hosts for the web interface's assets and for users' files: `cdn({ assets: "https://assets.social.example" })`.

import { wrongUrl } from "../../core/address";
import { Secret } from "../../core/secret";
import { Setting } from "../setting";

export interface CdnProps {
  /**
   * The CDN for scripts, styles and fonts: a URL that forwards to the web machines, with CORS headers.
   * @default - the host of the web interface
   */
  readonly assets?: string;
  /**
   * Further origins, with scheme, from which browsers may load users' files. From 4.4 on.
   * @default - none
   */
  readonly mediaHosts?: readonly string[];
  /**
   * Cache purging: Mastodon sends a request with a secret header for each file that it deletes.
   * @default - no requests: the cache keeps deleted files until they expire
   */
  readonly purge?: {
    /** The header's name. */
    readonly header: string;
    /** Its value, as a `Secret` or a sensitive variable. */
    readonly secret: Secret | string;
    /**
     * The method. Before 4.2 only GET.
     * @default - GET of Mastodon
     */
    readonly method?: string;
  };
}

export function cdn(props: CdnProps): Setting {
  return {
    name: "cdn",
    fill: (into) => {
      const form = { schemes: ["https", "http"], origin: true, such: "https://assets.social.example" };
      if (props.assets !== undefined) into.refuse(wrongUrl("assets", props.assets, form));
      for (const host of props.mediaHosts ?? []) into.refuse(wrongUrl("mediaHosts", host, { ...form, schemes: ["https"] }));
      into.set("CDN_HOST", props.assets);
      into.set("EXTRA_MEDIA_HOSTS", props.mediaHosts?.join(","));
      into.set("CACHE_BUSTER_ENABLED", props.purge && true);
      into.set("CACHE_BUSTER_SECRET_HEADER", props.purge?.header);
      into.set("CACHE_BUSTER_SECRET", props.purge?.secret);
      into.set("CACHE_BUSTER_HTTP_METHOD", props.purge?.method);
    },
  };
}
