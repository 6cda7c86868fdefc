// What AWS allows and a page may exceed, told at synth with the number, the limit and the way out.
// Numbers are those of docs.aws.amazon.com under quotas of each service; what an account may have is asked for when the plan is made.

/** User-data as AWS counts it: the bytes behind base64, here compressed. */
export const BOOT_TEXT_BYTES = 16 * 1024;
/** Names of load balancers and target groups. */
export const BALANCER_NAME_LENGTH = 32;
/** Rules of a security group, for IPv4 and IPv6 each, inbound and outbound each. */
export const RULES_OF_A_GROUP = 60;
/** Disks that a Nitro instance takes besides its root, with room for network interfaces. */
export const DISKS_OF_AN_INSTANCE = 20;
/** The largest gp3 volume. */
export const DISK_GIB = 65_536;
