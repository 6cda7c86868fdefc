// Limits of Hetzner that a page may exceed, checked at synth.

import type { HetznerNetwork } from "./network";

/** The longest name of a server, volume, load balancer, certificate and placement group, and the longest value of a label. */
export const NAME_LENGTH = 63;
export const MEMBERS_OF_A_NETWORK = 100;
export const SUBNETS_OF_A_NETWORK = 50;
export const GROUPS_OF_A_PROJECT = 50;
export const SERVERS_OF_A_GROUP = 10;
export const DISKS_OF_A_SERVER = 16;
export const DISK_GIB = { least: 10, most: 10_240 };
export const BALANCERS_OF_A_PROJECT = 20;

/** How long a machine may take to shut down before it is powered off. */
export const STOP_SECONDS = "180";

/** Load balancer types with their limits of targets and of connections at the same time, smallest first. */
const BALANCERS = [
  { type: "lb11", targets: 25, connections: 10_000 },
  { type: "lb21", targets: 75, connections: 20_000 },
  { type: "lb31", targets: 150, connections: 40_000 },
] as const;

type BalancerType = (typeof BALANCERS)[number];

/** What counts against the limits: servers, additional servers during a roll-out, and load balancers. */
export interface Use {
  readonly servers: number;
  readonly rolling: number;
  readonly balancers: number;
}

/** The smallest load balancer type for a number of servers and of connections; the largest if none is large enough. */
export function balancerFor(servers: number, clients: number): BalancerType {
  const fits = ({ targets, connections }: BalancerType) => targets >= servers && connections >= clients;
  return BALANCERS.find(fits) ?? BALANCERS[BALANCERS.length - 1]!;
}

/** That type, and no smaller one than the number of servers in a Terraform expression needs. */
export function balancerTypeFor(fitting: BalancerType, counted: string): string {
  const from = BALANCERS.indexOf(fitting);
  const words = BALANCERS.slice(from).map(({ type, targets }, n, all) =>
    n === all.length - 1 ? `"${type}"` : `${counted} <= ${targets} ? "${type}" : `,
  );
  return words.length === 1 ? BALANCERS[from]!.type : `\${${words.join("")}}`;
}

export function limits(network: HetznerNetwork): void {
  const sum = (count: (use: Use) => number) => network.uses.reduce((total, use) => total + count(use), 0);
  const servers = sum((use) => use.servers + use.rolling);
  const balancers = sum((use) => use.balancers);
  const { serverLimit } = network.settings;
  const over = (wrong: string, remedy: string) => network.problems.add(network.scope, { wrong, remedy });
  if (servers > serverLimit) {
    over(
      `the page has ${servers} servers while all pools roll, and serverLimit is ${serverLimit}`,
      "ask Hetzner for more in the Console under Limits and raise serverLimit, or use fewer and larger machines",
    );
  }
  if (servers + balancers > MEMBERS_OF_A_NETWORK) {
    over(
      `the network has ${servers + balancers} servers and load balancers while all pools roll, and takes ${MEMBERS_OF_A_NETWORK}`,
      "use fewer and larger machines",
    );
  }
  if (network.subnetCount > SUBNETS_OF_A_NETWORK) {
    over(`the network has ${network.subnetCount} subnets, and takes ${SUBNETS_OF_A_NETWORK}`, "use fewer tiers");
  }
  if (network.groupCount > GROUPS_OF_A_PROJECT) {
    over(
      `there are ${network.groupCount} placement groups, and a project takes ${GROUPS_OF_A_PROJECT}`,
      "use fewer tiers, or fewer and larger machines",
    );
  }
  if (balancers > BALANCERS_OF_A_PROJECT) {
    over(
      `there are ${balancers} load balancers, and a project takes ${BALANCERS_OF_A_PROJECT} unless Hetzner raises it`,
      "use fewer routes",
    );
  }
}
