// Stores the mail of a site without a mail server, on a cloud for tests: `site.mailbox?.reachedBy(host, "what Mastodon writes")`.

import { Construct } from "constructs";
import { MadeMailbox } from "./cloud";
import { callerName, Flow } from "./flow";
import type { Host } from "./host";
import type { Installation } from "./installation";

export class Mailbox extends Construct {
  /** It opens no connection. */
  readonly calls: readonly Flow[] = [];
  private readonly made: MadeMailbox;
  private readonly flows: Flow[] = [];

  /** @internal Made by the site, for a cloud that has one. */
  constructor(private readonly site: Installation) {
    super(site, "Mailbox");
    this.made = site.session.mailbox!(this, { openings: () => this.openings });
    site.admit(this);
  }

  /** Opens it to hosts of the caller's role, and returns its address and port. */
  reachedBy(host: Host, why: string): MadeMailbox {
    const from = { kind: "role", role: host.role } as const;
    const same = this.flows.some((flow) => callerName(flow.from) === host.role && flow.why === why);
    const sources = this.site.session.sourcesOf(host.role);
    if (!same) this.flows.push({ from, sources, to: { kind: "managed", name: "mailbox" }, port: this.made.port, why });
    return this.made;
  }

  get openings(): readonly Flow[] {
    return [...this.flows].sort((a, b) => (callerName(a.from) < callerName(b.from) ? -1 : 1));
  }
}
