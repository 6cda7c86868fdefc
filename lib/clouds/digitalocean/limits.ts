// What DigitalOcean allows and a page may exceed, told at synth with the number, the limit and the way out.
// Numbers are those of docs.digitalocean.com under Limits of each product. What an account may have is asked for when the plan is made (`FoundResources`).

/** The length to which names of load balancers, firewalls, VPCs and certificates are cut. */
export const NAME_LENGTH = 63;
/** User-data, as text. */
export const USER_DATA_BYTES = 64 * 1024;
/** Inbound and outbound rules together. */
export const RULES_OF_A_FIREWALL = 50;
export const DISKS_OF_A_DROPLET = 15;
export const DISK_GIB = 16_384;
export const NODES_OF_A_BALANCER = 200;
/** The connections that one node of a load balancer holds at the same time. */
export const CONNECTIONS_OF_A_NODE = 10_000;

/** How long a machine may take to shut down before it is powered off. */
export const STOP_SECONDS = "180";

/** Where DigitalOcean keeps addresses for itself, in every region; no VPC may lie there. */
export const RESERVED: readonly string[] = ["10.229.0.0/16", "10.244.0.0/16", "10.245.0.0/16", "10.246.0.0/16"];

/** The ports on which new accounts cannot send mail, and the one that relays offer instead. */
export const BLOCKED_MAIL_PORTS: readonly number[] = [25, 465, 587];
export const OPEN_MAIL_PORT = 2525;

/** Something that counts: droplets that stand, those that stand besides them during a roll-out, and load balancers. */
export interface Use {
  readonly droplets: number;
  readonly rolling: number;
  readonly balancers: number;
}
