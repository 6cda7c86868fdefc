// Search of posts and accounts with Elasticsearch 7 or 8, or OpenSearch: `search({ host: "search.example", tls: true, user, password })`.
// Afterwards run `tootctl search deploy` on a web machine to create the indexes, which takes hours on a large server.

import { SEARCH_PORT } from "../ports";
import { wrongHost } from "../../core/address";
import { Secret } from "../../core/secret";
import { Setting } from "../setting";

export interface SearchProps {
  /** Its host; Mastodon supports only one. */
  readonly host: string;
  /**
   * Its port.
   * @default 9200
   */
  readonly port?: number;
  /**
   * Whether to use TLS. The certificate is verified by the image's CAs or `ca`.
   * @default false
   */
  readonly tls?: boolean;
  /**
   * The PEM text of the certificate authority that signed its certificate, if it is not a public one, as in `readFileSync("ca.pem", "utf8")`. A
   * change replaces the machines of the processes that read it.
   * @default - the public authorities of the image
   * @throws at synth if it holds no certificate, or a private key
   */
  readonly ca?: string;
  /**
   * The user name; requires `password`.
   * @default - no authentication
   */
  readonly user?: string;
  /** The user's password, as a `Secret` or a sensitive variable. */
  readonly password?: Secret | string;
  /**
   * The prefix of index names, if other applications use it too. A change needs `tootctl search deploy`.
   * @default - none
   */
  readonly prefix?: string;
  /**
   * Replicas and shards of the indexes: no replica, one replica, or one replica and more shards. From 4.2 on; a change needs `tootctl search deploy`.
   * @default - "single_node_cluster" of Mastodon
   */
  readonly preset?: "single_node_cluster" | "small_cluster" | "large_cluster";
  /**
   * The time-out of a search in seconds. From 4.7 on.
   * @default - Mastodon's 10
   */
  readonly timeoutSeconds?: number;
}

/** Synth fails for a user without a password or the reverse, a host with scheme or port, one that means the local machine, and `ca` without TLS. */
export function search(props: SearchProps): Setting {
  return {
    name: "search",
    fill: (into) => {
      if ((props.user === undefined) !== (props.password === undefined)) {
        into.refuse({ wrong: "user or password is missing", remedy: "give both, or neither" });
      }
      into.refuse(wrongHost("host", props.host));
      if (props.ca !== undefined && !props.tls) {
        into.refuse({ wrong: "ca is given, but tls is not", remedy: "give tls: true as well, or leave ca out" });
      }
      // Before 4.3 there is no variable for it.
      if (into.isBefore("4.3")) into.trust("search", props.ca);
      else into.certificates("ES_CA_FILE", "search", props.ca);
      into.set("ES_ENABLED", true);
      into.set("ES_HOST", props.tls ? `https://${props.host}` : props.host);
      into.set("ES_PORT", props.port ?? SEARCH_PORT);
      into.calls("ES_HOST", props.host, props.port ?? SEARCH_PORT, "searches and indexes");
      into.set("ES_USER", props.user);
      into.set("ES_PASS", props.password);
      into.set("ES_PREFIX", props.prefix);
      into.set("ES_PRESET", props.preset);
      into.set("ES_QUERY_TIMEOUT", props.timeoutSeconds === undefined ? undefined : `${props.timeoutSeconds}s`);
    },
  };
}
