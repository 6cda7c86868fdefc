// A port that others may ask to reach, with its facts: `const facts = database.reachedBy(host, "web reads and writes statuses")`.
// Asking is the only way to learn a name or a password, and it opens the firewall, so the two cannot disagree.

import { wrongHost } from "./address";
import { Managed } from "./managed";
import { following } from "./problems";
import type { Host } from "./host";

/** Something that the page does not make. */
export interface External {
  /** Its host name, or its address. */
  readonly name: string;
  /**
   * Its address, which the callers' hosts map to its name.
   * @default - they ask the name service
   */
  readonly address?: string;
  /**
   * The service of the cloud that it is.
   * @default - the page has made nothing of it
   */
  readonly managed?: Managed;
}

export interface EndpointProps<Facts> {
  /** The host that listens, or what listens outside the page. */
  readonly owner: Host | External;
  readonly port: number;
  readonly facts: Facts;
}

export class Endpoint<Facts> {
  private constructor(private readonly props: EndpointProps<Facts>) {}

  static on<Facts>(owner: Host, port: number, facts: Facts): Endpoint<Facts> {
    return new Endpoint({ owner, port, facts });
  }

  /** Something that exists already: its own firewall is its owner's affair, the flow is recorded all the same. */
  static external<Facts>(external: External, port: number, facts: Facts): Endpoint<Facts> {
    return new Endpoint({ owner: external, port, facts });
  }

  get port(): number {
    return this.props.port;
  }

  /** Opens the port for the role of `who`, maps the owner's name on its hosts, and returns the facts. */
  reachedBy(who: Host, why: string): Facts {
    const { owner, port } = this.props;
    if ("open" in owner) owner.open(who.role, port, why);
    else {
      const { problems } = who.site;
      const { name, address } = owner;
      // Of what a page says by other words, those have told it.
      problems.add(who.site, following(name, wrongHost("the name of what is outside the page", name)));
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
