// Who may hold how many database connections at once, so that a pool that is too small is known before the first deploy.
// `new Connections().add({ tier: "web", processes: 6, each: 5, doubles: true })`: a start-first roll-out doubles a tier for a while.

export interface Clients {
  readonly tier: string;
  /** Processes of all its machines. */
  readonly processes: number;
  /** Connections that each may open. */
  readonly each: number;
  /** Whether old and new machines stand side by side during a roll-out. */
  readonly doubles: boolean;
}

export class Connections {
  private readonly clients: Clients[] = [];

  add(clients: Clients): void {
    this.clients.push(clients);
  }

  /** Connections on an ordinary day. */
  get steady(): number {
    return this.clients.reduce((sum, tier) => sum + tier.processes * tier.each, 0);
  }

  /** Connections while every tier rolls at once. */
  get surge(): number {
    return this.clients.reduce((sum, tier) => sum + tier.processes * tier.each * (tier.doubles ? 2 : 1), 0);
  }

  /** One row a tier, for outputs and messages. */
  get rows(): readonly string[] {
    return [...this.clients]
      .sort((a, b) => (a.tier < b.tier ? -1 : 1))
      .map((tier) => `${tier.tier}: ${tier.processes} x ${tier.each}${tier.doubles ? ", twice in a roll-out" : ""}`);
  }
}
