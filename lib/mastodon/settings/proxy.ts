// A proxy for requests to other servers: `outgoingProxy({ http: "http://proxy.example:3128" })`.

import { wrongUrl } from "../../core/address";
import { Setting } from "../setting";

export interface OutgoingProxyProps {
  /**
   * The proxy for every request to another server. For a login use a `Secret`, as in `http://social:${password.inUrl}@proxy.example:3128`.
   * @default - no proxy
   */
  readonly http?: string;
  /**
   * The proxy for hosts that end in `.onion` or `.i2p`, such as Privoxy in front of Tor. Mastodon connects to such hosts only with it.
   * @default - Mastodon does not connect to such hosts
   */
  readonly hidden?: string;
  /**
   * The PEM text of the certificate authority of a proxy that intercepts TLS, as in `readFileSync("ca.pem", "utf8")`. Every connection of Ruby
   * processes then trusts it beside the public ones. A change replaces the machines of the processes that read it.
   * @default - the proxy does not intercept TLS
   * @throws at synth if it holds no certificate, or a private key
   */
  readonly ca?: string;
}

const PROXY = { schemes: ["http", "https"], origin: true, login: true, such: "http://proxy.example:3128" };

export function outgoingProxy(props: OutgoingProxyProps): Setting {
  return {
    name: "outgoingProxy",
    fill: (into) => {
      into.trust("proxy", props.ca);
      for (const prop of ["http", "hidden"] as const) {
        const proxy = props[prop];
        if (proxy !== undefined) into.refuse(wrongUrl(prop, proxy, PROXY));
      }
      into.set("http_proxy", props.http);
      into.set("http_hidden_proxy", props.hidden);
      into.set("ALLOW_ACCESS_TO_HIDDEN_SERVICE", props.hidden && true);
    },
  };
}
