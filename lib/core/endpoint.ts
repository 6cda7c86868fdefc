// A port that others may ask to reach, with its facts: `const facts = database.reachedBy(host, "web reads and writes statuses")`.
// Asking is the only way to learn a name or a password, and it opens the firewall, so the two cannot disagree.

import type { Host } from "./host";

export interface EndpointProps<Facts> {
  /** The host that listens, or `undefined` for something that the page does not make. */
  readonly owner?: Host;
  readonly port: number;
  readonly facts: Facts;
}

export class Endpoint<Facts> {
  private constructor(private readonly props: EndpointProps<Facts>) {}

  static on<Facts>(owner: Host, port: number, facts: Facts): Endpoint<Facts> {
    return new Endpoint({ owner, port, facts });
  }

  /** Something that exists already, reached by the names in its facts. */
  static external<Facts>(port: number, facts: Facts): Endpoint<Facts> {
    return new Endpoint({ port, facts });
  }

  get port(): number {
    return this.props.port;
  }

  /** Opens the port for the role of `who`, maps the owner's name on its hosts, and returns the facts. */
  reachedBy(who: Host, why: string): Facts {
    const owner = this.props.owner;
    if (owner !== undefined) {
      owner.open(who.role, this.props.port, why);
      who.knows(owner);
    }
    return this.props.facts;
  }
}
