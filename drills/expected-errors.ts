// Errors that a journal may contain, each with its reason. Any other error fails the rehearsal: fix it, or add it here.

export interface Expected {
  /** The unit, the program or the file. */
  readonly source: RegExp;
  readonly says: RegExp;
  /** Why it is no fault. */
  readonly why: string;
  /**
   * When it is expected: after drills only, because one of them causes it.
   * @default - always
   */
  readonly after?: "drills";
  /**
   * How long after the machine's first boot it is expected.
   * @default - at any time
   */
  readonly withinBootSeconds?: number;
}

const UNREACHED =
  /(connection to server .* failed|Connection refused|could not connect|could not translate host name|server login failed)/i;

/** PostgreSQL's own log: in the journal of Patroni or of its own unit; in a file what it says before it has read its settings. */
const POSTGRES = /^(\/var\/log\/postgresql\/.*|patroni\.service|postgresql@\d+-main\.service)$/;

/** How long all machines of a site may take to boot at the same time on a busy machine with two processors. */
const BOOTING_SECONDS = 240;

/** All but what no drill explains: a wrong password or right, or a script that is broken. */
const UNLESS_REFUSED =
  /^(?!.*(permission denied|password authentication failed|no pg_hba\.conf entry|invalid user name or password|syntax error|command not found|unbound variable))/is;

export const EXPECTED: readonly Expected[] = [
  {
    source: /^(mastodon-[a-z]+(@\d+)?\.service|libpod-conmon-.*\.scope|podman-\d+\.scope|conmon)$/,
    says: /^conmon \S+ <nwarn>: Failed to (add inotify watch for|open cgroups file:) \/sys\/fs\/cgroup\/.*memory\.events$/,
    why: "a machine of the local cloud is a container, and podman finds no count of its containers' memory there",
  },
  {
    source: /^cloud-init-main\.service$/,
    says: /^sysctl: permission denied on key "vm\.overcommit_memory"$/,
    why: "machines of the local cloud share the host's kernel and leave its settings alone",
  },
  {
    source: /^haproxy\.service$/,
    says: /((Server \S+ is DOWN, reason: )|(Health check for server \S+ failed)|((backend|proxy) '?\S+ has no server available!$))/,
    why: "HAProxy starts before those that it leads to, and drills take them away; whether they are back is asked for elsewhere",
  },
  {
    source: /^pgbouncer@\d\.service$/,
    says: /pooler error: query_wait_timeout$/,
    why: "callers that boot before PostgreSQL wait in the pooler as long as it lets them",
  },
  {
    source: POSTGRES,
    says: /(FATAL: +password authentication failed for user "replicator"$|pg_basebackup: error: connection to server at |Error (creating replica using method basebackup|when fetching backup): )/,
    why: "a standby that boots asks the primary until that has made the role; one that is refused for ever never serves, and the deploy fails",
    withinBootSeconds: BOOTING_SECONDS,
  },
  {
    source: POSTGRES,
    says: /ERROR: +replication slot "\w+" does not exist$/,
    why: "a standby asks for its slot before the primary, which has just begun, has made it",
  },
  {
    source: /^mastodon-(prepare|wait|scheduler-lock)\.service$/,
    says: UNREACHED,
    why: "machines boot at the same time, and these wait until the database answers",
  },
  {
    source: /^patroni\.service$/,
    says: /(ERROR: Failed to get list of machines from |Failed to establish a new connection|Connection refused|Name or service not known|Temporary failure in name resolution)/,
    why: "Patroni starts before the members of etcd on other machines",
    withinBootSeconds: BOOTING_SECONDS,
  },
  {
    source: /^etcd\.service$/,
    says: /"msg":"failed to apply request",.*"error":"auth: (role|user) (already exists|not found)"/,
    why: "each member makes the users of etcd that are not there yet, at the same time as the others",
  },
  {
    source: /^etcd\.service$/,
    says: /"msg":"recognized and used environment variable","variable-name":"ETCD_LOG_LEVEL","variable-value":"error"/,
    why: "the level of etcd's log has the name of an error",
  },
  {
    source: /^etcd\.service$/,
    says: /ERROR: Failed to decode request: http: invalid Read on closed Body$/,
    why: "Patroni ends a watch by closing its connection",
  },
  {
    source: /^etcd\.service$/,
    says: /"msg":"(leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk|apply request took too long|waiting for ReadIndex response took too long, retrying)"/,
    why: "machines of the local cloud share a disk, and a lease of 20 s bears a pause of it; `ready` tells how slow the disk is",
  },
  {
    source: /^etcd(-users)?\.service$/,
    says: /("msg":"(prober detected unhealthy status|lost the TCP streaming connection with remote peer|lost TCP streaming connection with remote peer|peer became inactive \(message send to peer failed\)|failed to (publish local member to cluster through raft|reach the peer URL|get version|read out metrics|retrieve remote version)|health check for peer failed|request stats)"|connection refused|context deadline exceeded|etcdserver: (no leader|request timed out)|etcd-users\.service: )/,
    why: "members of etcd boot at different times, and each looks for the others",
    withinBootSeconds: BOOTING_SECONDS,
  },
  {
    source: POSTGRES,
    says: /FATAL: +the database system is (starting up|shutting down|not yet accepting connections)/,
    why: "PostgreSQL refuses callers until it has started, and while it stops",
  },
  {
    source: POSTGRES,
    says: /ERROR: +relation "(cdktf_mastodon_\w+|schema_migrations|user_roles)" does not exist/,
    why: "machines ask whether the database is prepared before its first task has begun",
  },
  {
    source: /^pgbouncer@\d\.service$/,
    says: UNREACHED,
    why: "a pooler that boots before PostgreSQL tries to reach it",
  },
  {
    source: /^redis-server@\w+\.service$/,
    says: /(Error condition on socket for SYNC|Unable to (partial resync|connect)|MASTER|Failed to resolve hostname|Connection refused)/i,
    why: "a replica that boots before its master tries to reach it",
  },
  {
    source: /^redis-sentinel\.service$/,
    says: /Failed to resolve hostname/i,
    why: "a sentinel starts before the names of all machines are written",
  },
  {
    source: /^mastodon-sidekiq@\d+\.service$/,
    says: /NOREPLICAS Not enough good replicas to write/,
    why: "while all machines boot on one disk and two processors, Redis' replicas may be silent for more than 2 s, and it refuses writes until they answer",
    withinBootSeconds: BOOTING_SECONDS,
  },
  {
    source: /^init\.scope$/,
    says: /^mastodon-sidekiq@\d+\.service: (Main process exited, code=exited, status=1\/FAILURE|Failed with result 'exit-code'\.)$/,
    why: "Sidekiq ends if Redis refuses its first write, as above, and systemd starts it again",
    withinBootSeconds: BOOTING_SECONDS,
  },
  {
    source: /^init\.scope$/,
    says: /^boot-again\.service - .* skipped, unmet condition check /,
    why: "the name of the unit speaks of what a boot could not finish, and there was nothing of it",
  },
  {
    source: /^mastodon-(web|streaming@\d+|sidekiq@\d+)\.service$/,
    says: /./,
    why: "while drills take away what Mastodon depends on, it says so in a hundred ways; what users saw of it is counted",
    after: "drills",
  },
  {
    source: /^nginx\.service$/,
    says: /(connect\(\) failed \(111: Connection refused\)|no live upstreams) while connecting to upstream, .* request: "GET (\/api\/v1\/streaming)?\/health /,
    why: "after a loss of power nginx starts before Mastodon's processes, and the front door asks at once whether they serve",
    after: "drills",
  },
  {
    source: /^(pgbouncer@\d|haproxy|mastodon-scheduler-lock)\.service$/,
    says: /(connection (was )?(refused|reset|closed|terminated)|terminating connection due to|server closed the connection|timed? ?out|ECONNREFUSED|ECONNRESET|pooler error: |read failed: error:)/i,
    why: "drills take PostgreSQL and PgBouncer away from those who use them",
    after: "drills",
  },
  {
    source: /^patroni\.service$/,
    says: UNLESS_REFUSED,
    why: "while drills take away etcd, other machines and PostgreSQL itself, Patroni and the PostgreSQL in its journal say so in a hundred ways, with tracebacks",
    after: "drills",
  },
  {
    source: /^etcd(-users)?\.service$/,
    says: UNLESS_REFUSED,
    why: "while drills take away members of etcd and their machines, the others say so in a hundred ways",
    after: "drills",
  },
  {
    source: /^mastodon-other-releases\.service$/,
    says: UNLESS_REFUSED,
    why: "web machines ask the database every ten seconds which releases are served, also while drills take it away",
    after: "drills",
  },
  {
    source: /^(\/var\/log\/postgresql\/.*|postgresql@\d+-main\.service)$/,
    says: /(FATAL: +terminating (connection|walreceiver)|could not (receive data|send data|connect)|No space left on device)/,
    why: "drills cut PostgreSQL off, restart it, and fill its disk",
    after: "drills",
  },
  {
    source: /^redis-(server@\w+|sentinel)\.service$/,
    says: /(No space left on device|Connection (with|to) (master|replica).* lost|Error (condition on socket|writing to the AOF|trying to)|Failed opening)/i,
    why: "drills cut Redis off, take its power and fill its disk",
    after: "drills",
  },
  {
    source: /^init\.scope$/,
    says: /(Main process exited|Failed with result|Failed to start|A process of this unit has been killed)/i,
    why: "drills kill processes, and systemd says so before it starts them anew",
    after: "drills",
  },
  {
    source: POSTGRES,
    says: /(shutting down due to startup process failure|pg_ctl[ :].*(could not start server|exited with status 1)|could not write to file "pg_wal\/.*: No space left on device|the database system is (in recovery mode|starting up)|Failed process was running: SELECT pg_logical_emit_message)/,
    why: "the drill that fills PostgreSQL's disk leaves it no room to start in, until it makes room",
    after: "drills",
  },
  {
    source: /^init\.scope$/,
    says: /Can't open PID file '\/run\/postgresql\/.*' \(yet\?\) after start/,
    why: "PostgreSQL could not start while drills had filled its disk",
    after: "drills",
  },
  {
    source: /^redis-server@\w+\.service$/,
    says: /(!!! Software Failure\.|Guru Meditation: Replica was unable to write command to disk|^module:name=vectorset,.*handle-io-errors|AOF write error looks solved)/,
    why: "the drill that fills Redis' disk: it ends rather than forget a write, tells all that it knows of itself, and says when it can write again",
    after: "drills",
  },
  {
    source: /^redis-server@\w+\.service$/,
    says: /Background AOF rewrite (terminated with error|has repeatedly failed)/,
    why: "Redis rewrites its log to make room, and has no room for that while drills have filled its disk",
    after: "drills",
  },
  {
    source: /^prometheus-node-exporter\.service$/,
    says: /Failed to open directory, disabling udev device properties/,
    why: "a machine of the local cloud is a container, in which udev does not run",
  },
  {
    source: /^prometheus-postgres-exporter\.service$/,
    says: /Error loading config.* no such file or directory/,
    why: "it needs no file of settings, and says that it has none",
  },
  {
    source: /^prometheus-postgres-exporter\.service$/,
    says: /(role \\"prometheus\\" does not exist|connect: (connection refused|no such file or directory)|the database system is starting up)/,
    why: "the exporter starts before PostgreSQL, or before the script that makes its role, and tries again",
    withinBootSeconds: BOOTING_SECONDS,
  },
  {
    source: /^prometheus-exporter-exporter\.service$/,
    says: /Proxy error for module '[\w-]+': dial tcp .*: connect: connection refused/,
    why: "the proxy is there before all that it reads from",
    withinBootSeconds: BOOTING_SECONDS,
  },
  {
    source: /^prometheus-blackbox-exporter\.service$/,
    says: /(Probe failed|Error for HTTP request|Invalid HTTP response status code)/,
    why: "it visits the front door before anything serves behind it",
    withinBootSeconds: BOOTING_SECONDS,
  },
  {
    source:
      /^prometheus(-alertmanager|-(exporter|node|postgres|pgbouncer|nginx|blackbox)-exporter|-redis-exporter@\w+)?\.service$/,
    says: UNLESS_REFUSED,
    why: "while drills take away machines and services, those who measure them say so",
    after: "drills",
  },
];
