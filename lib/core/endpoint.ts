// A port that hosts of the site connect to, with its facts: `const facts = database.reachedBy(host, "web reads and writes statuses")`.
// This call is the only way to get the name or the password, and it also opens the firewall, so the two always agree.

import { wrongHost } from "./address";
import { Managed } from "./managed";
import { following } from "./problems";
import type { Host } from "./host";

/** A server or service that the page does not make. */
export interface External {
  /** Its host name, or its address. */
  readonly name: string;
  /**
   * Its address, which is mapped to its name in `/etc/hosts` of the callers.
   * @default - the name is resolved by DNS
   */
  readonly address?: string;
  /**
   * The managed service, if the page makes it at the cloud.
   * @default - nothing of it is made by the page
   */
  readonly managed?: Managed;
}

export interface EndpointProps<Facts> {
  /** The host that listens, or an external server. */
  readonly owner: Host | External;
  readonly port: number;
  readonly facts: Facts;
}

export class Endpoint<Facts> {
  private constructor(private readonly props: EndpointProps<Facts>) {}

  static on<Facts>(owner: Host, port: number, facts: Facts): Endpoint<Facts> {
    return new Endpoint({ owner, port, facts });
  }

  /** An endpoint of an external server. Its firewall is not configured by the page, but the flow is recorded. */
  static external<Facts>(external: External, port: number, facts: Facts): Endpoint<Facts> {
    return new Endpoint({ owner: external, port, facts });
  }

  get port(): number {
    return this.props.port;
  }

  /** Opens the port for the role of `who`, maps the owner's name in `/etc/hosts` of `who`, and returns the facts. */
  reachedBy(who: Host, why: string): Facts {
    const { owner, port } = this.props;
    if ("open" in owner) owner.open(who.role, port, why);
    else {
      const { problems } = who.site;
      const { name, address } = owner;
      // If the name was derived from another prop that is wrong, only that problem is reported.
      problems.add(who.site, following(name, wrongHost("the name of an external server", name)));
      if (address !== undefined) problems.add(who.site, following(address, wrongHost(`the address of ${name}`, address)));
      if (owner.managed === undefined) who.reaches({ kind: "external", name }, port, why);
      else if (who.reaches({ kind: "managed", name: owner.managed.name }, port, why)) {
        owner.managed.admit({ kind: "role", role: who.role }, port, why);
      }
    }
    who.knows(owner);
    return this.props.facts;
  }
}
