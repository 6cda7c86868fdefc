// The public entry of a site: `site.frontDoor.route("social.example", pool, { port: 80, path: "/health", status: 200 })`.

import { Construct } from "constructs";
import { HealthCheck, MadeFrontDoor } from "./cloud";
import type { Pool } from "./pool";
import type { Installation } from "./installation";

export interface Route {
  readonly host: string;
  readonly pool: Pool;
  readonly check: HealthCheck;
}

export class FrontDoor extends Construct {
  private readonly made: MadeFrontDoor;
  private readonly added: Route[] = [];

  constructor(
    private readonly site: Installation,
    id: string,
  ) {
    super(site, id);
    const { machine } = (this.made = this.site.session.frontDoor(this, "Door", { domain: this.site.host }));
    this.site.inventory.frontDoor(() => ({
      routes: this.added
        .map(({ host, pool, check }) => ({ host, pool: pool.name, port: check.port, path: check.path }))
        .sort(byHost),
      ...(machine && { machine }),
    }));
  }

  /**
   * Sends requests for `host` to those members of `pool` that pass `check`.
   * @param clients how many WebSockets it is to carry at the same time, besides requests; left out if the page does not say
   */
  route(host: string, pool: Pool, check: HealthCheck, clients?: number): void {
    if (this.added.some((route) => route.host === host)) {
      this.site.problems.add(pool, {
        wrong: `the host name ${host} has a route already`,
        remedy: "give each route a host name of its own",
      });
      return;
    }
    this.added.push({ host, pool, check });
    pool.openToFrontDoor(this.made.sources, check.port, `requests for ${host}, and the health check ${check.path}`);
    this.made.route(pool.name, { host, pool: pool.made, port: check.port, check, clients });
  }

  /** Lines that tell the administrator how to open the host name of a route. */
  visit(host: string): readonly string[] {
    return this.made.visit(host);
  }

  /**
   * The ranges from which it reaches pools that are not in the site's network, as where a network stood before the site. Hosts believe what these say
   * about who asks, as they believe their own network.
   */
  get sourcesOutside(): readonly string[] {
    // A /16.
    const network = this.site.plan.network.cidr.replace(/\d+\.\d+\/16$/, "");
    return this.made.sources.filter((range) => !range.startsWith(network));
  }

  /** Whether its certificates are signed by no public authority. */
  get selfSigned(): boolean {
    return this.made.selfSigned === true;
  }

  /** Its machine in the private network, if the cloud makes one. */
  get machine(): MadeFrontDoor["machine"] {
    return this.made.machine;
  }

  get routes(): readonly Route[] {
    return this.added;
  }
}

function byHost(a: { readonly host: string }, b: { readonly host: string }): number {
  return a.host < b.host ? -1 : 1;
}
