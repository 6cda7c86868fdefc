// The TCP ports of services that AWS runs: the defaults of each project.

/** RDS for PostgreSQL. */
export const RDS_PORT = 5432;
/** ElastiCache for Valkey. */
export const VALKEY_PORT = 6379;
