// What AWS allows and a page may exceed, told at synth with the number, the limit and the way out.
// Numbers are those of docs.aws.amazon.com under quotas of each service; what an account may have is asked for when the plan is made.

/** User-data as AWS counts it: the bytes behind base64, here compressed. It holds the place of the boot text alone. */
export const USER_DATA_BYTES = 16 * 1024;
/** S3 would take more of a boot text; Terraform keeps all of them in its state. */
export const BOOT_TEXT_BYTES = 512 * 1024;
/** Names of load balancers and target groups. */
export const BALANCER_NAME_LENGTH = 32;
/** Names of security groups. */
export const GROUP_NAME_LENGTH = 255;
/** Rules of a security group, for IPv4 and IPv6 each, inbound and outbound each. */
export const RULES_OF_A_GROUP = 60;
/** Disks that a Nitro instance takes besides its root, with room for network interfaces. */
export const DISKS_OF_AN_INSTANCE = 20;
/** The largest gp3 volume. */
export const DISK_GIB = 65_536;
/** How long the load balancer lets requests and WebSockets of a member that leaves go on (deregistration delay). */
export const DEREGISTRATION_SECONDS = 60;
/** Target groups, and so routes, of a load balancer, which nobody can have raised; the default for rules is the same. */
export const ROUTES_OF_A_BALANCER = 100;
/** Certificates of a load balancer besides the default one, unless the account has had it raised. */
export const FURTHER_CERTIFICATES = 25;
/** Host names for which AWS Certificate Manager issues a certificate of their own. */
export const CERTIFIED_HOST_LENGTH = 64;
/** Host names in the rules of a load balancer. */
export const ROUTED_HOST_LENGTH = 128;
/** Names of buckets. */
export const BUCKET_NAME_LENGTH = 63;
/** Names of cache policies, access controls and the like at CloudFront; the shortest of their limits. */
export const CLOUDFRONT_NAME_LENGTH = 64;
/** Names of IAM users and roles. */
export const IAM_NAME_LENGTH = 64;
/** Names of databases of RDS. */
export const DATABASE_NAME_LENGTH = 63;
/** Names of replication groups of ElastiCache. */
export const REPLICATION_GROUP_NAME_LENGTH = 40;
/** The value of a parameter of the standard tier of Parameter Store; the advanced one takes twice that and costs. */
export const PARAMETER_BYTES = 4096;
/** The port on which AWS lets nobody send mail before support has opened it. */
export const BLOCKED_MAIL_PORT = 25;
