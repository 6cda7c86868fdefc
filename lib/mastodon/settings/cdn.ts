// Caches in front: of the interface's own scripts and styles, and of people's files: `cdn({ assets: "https://assets.social.example" })`.

import { wrongUrl } from "../../core/address";
import { Secret } from "../../core/secret";
import { Setting } from "../setting";

export interface CdnProps {
  /**
   * Where browsers get scripts, styles and fonts: an address with scheme that leads to the web machines, with CORS headers.
   * @default - from the web interface itself
   */
  readonly assets?: string;
  /**
   * Further hosts from which browsers may load people's files, with scheme. From 4.4 on.
   * @default - none
   */
  readonly mediaHosts?: readonly string[];
  /**
   * A cache of people's files that is told of each that is deleted, with a header that proves who asks.
   * @default - it is told nothing, and keeps what it has
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
