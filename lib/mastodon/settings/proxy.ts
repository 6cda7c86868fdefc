// The way out to other servers through a proxy: `outgoingProxy({ http: "http://proxy.example:3128" })`.

import { wrongUrl } from "../../core/address";
import { Setting } from "../setting";

export interface OutgoingProxyProps {
  /**
   * The proxy for every request to another server. One that asks for a login holds its password as a secret, as in
   * `http://social:${password.inUrl}@proxy.example:3128`.
   * @default - straight
   */
  readonly http?: string;
  /**
   * The proxy for hosts that end in `.onion` or `.i2p`, such as Privoxy in front of Tor; with it they may be asked at all.
   * @default - they are not asked
   */
  readonly hidden?: string;
  /**
   * The certificates, as PEM, of the authority that a proxy signs with that opens TLS to look inside; every connection of Ruby's processes then trusts it beside the public ones. Give it where no public one does, as in `readFileSync("ca.pem", "utf8")`. A change replaces
   * the machines of the processes that read it.
   * @default - no proxy looks inside
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
