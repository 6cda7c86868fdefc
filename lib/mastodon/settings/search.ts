// Searching posts and people by Elasticsearch 7 or 8, or OpenSearch: `search({ host: "search.example", tls: true, user, password })`.
// Afterwards `tootctl search deploy` on a web machine makes the indexes, which takes hours on a large server.

import { SEARCH_PORT } from "../ports";
import { wrongHost } from "../../core/address";
import { Secret } from "../../core/secret";
import { Setting } from "../setting";

export interface SearchProps {
  /** Its host; Mastodon knows one only. */
  readonly host: string;
  /**
   * Its port.
   * @default 9200
   */
  readonly port?: number;
  /**
   * Whether it speaks TLS, with a certificate that the image's CAs, or `ca`, vouch for.
   * @default false
   */
  readonly tls?: boolean;
  /**
   * The certificates, as PEM, of the authority that has signed its certificate. Give it where no public one does, as in `readFileSync("ca.pem", "utf8")`. A change replaces
   * the machines of the processes that read it.
   * @default - the public authorities of the image
   * @throws at synth if it holds no certificate, or a private key
   */
  readonly ca?: string;
  /**
   * Its user; with `password` or not at all.
   * @default - it asks nobody
   */
  readonly user?: string;
  /** The user's password, as a `Secret` or a sensitive variable. */
  readonly password?: Secret | string;
  /**
   * What the names of its indexes begin with, where others use it too. A change needs `tootctl search deploy`.
   * @default - nothing
   */
  readonly prefix?: string;
  /**
   * How indexes spread over its machines: without a copy, with one, or with one and in more pieces. From 4.2 on; a change needs
   * `tootctl search deploy`.
   * @default - "single_node_cluster" of Mastodon
   */
  readonly preset?: "single_node_cluster" | "small_cluster" | "large_cluster";
  /**
   * How many seconds a search may take. From 4.7 on.
   * @default - Mastodon's 10
   */
  readonly timeoutSeconds?: number;
}

/** Refused: half of a login, a host with scheme or port, one that is every machine itself, and `ca` without TLS. */
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
