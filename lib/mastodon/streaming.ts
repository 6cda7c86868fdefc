// Streaming, n machines with m processes each, behind a host name of its own: `new StreamingPool(site, "Streaming", { processes: 3, ...data })`.

import { Construct } from "constructs";
import { Env } from "../core/env";
import { hostName } from "../core/names";
import { Pool } from "../core/pool";
import { Size } from "../core/size";
import { Site } from "../core/site";
import { rule } from "./env-catalogue";
import { streaming } from "./programs/streaming";
import { Data, redisEnv } from "./ruby";
import { MastodonVersion } from "./version";

export interface StreamingPoolProps extends Pick<Data, "database" | "redis"> {
  /**
   * How many machines. A change adds or removes machines and touches no other.
   * @default 2
   */
  readonly machines?: number;
  /**
   * Node processes a machine, on ports 4000, 4001 and so on. One per CPU is the most that helps. A change replaces the machines.
   * @default - one for each CPU
   */
  readonly processes?: number;
  /**
   * The size of each machine. A change replaces the machines.
   * @default Size.of({ cpus: 1, gib: 1 })
   */
  readonly size?: Size;
  /**
   * The host name that browsers connect to.
   * @default - `streaming.` and the site's domain
   */
  readonly host?: string;
  /**
   * Database connections of each process.
   * @default 10
   */
  readonly databaseConnections?: number;
  /**
   * Where among the addresses of its role the tier lies. A change replaces the machines.
   * @default - from the tier's name
   */
  readonly slot?: number;
}

export class StreamingPool extends Construct {
  readonly pool: Pool;
  /** What Ruby's processes tell browsers. */
  readonly baseUrl: string;
  /** The environment of each process, by its port. */
  readonly envs: ReadonlyMap<number, Env>;

  constructor(scope: Construct, id: string, props: StreamingPoolProps) {
    super(scope, id);
    const site = Site.of(this);
    const name = hostName(id);
    const size = props.size ?? Size.of({ cpus: 1, gib: 1 });
    const processes = props.processes ?? size.cpus;
    if (!Number.isInteger(processes) || processes < 1 || processes > 16) {
      site.problems.add(this, { wrong: `processes is ${processes}`, remedy: "use a whole number from 1 to 16" });
    }
    const host = props.host ?? `streaming.${site.domain}`;
    this.baseUrl = `wss://${host}`;
    const machines = props.machines ?? 2;
    const each = props.databaseConnections ?? 10;
    props.database.expects(this, { processes: machines * processes, each, reads: false, doubles: true });
    this.pool = new Pool(this, "Hosts", {
      name,
      role: "streaming",
      range: site.range(this, "streaming", name, props.slot),
      machines,
      size,
    });
    const ports = Array.from({ length: Math.min(Math.max(Math.trunc(processes) || 1, 1), 16) }, (_, n) => 4000 + n);
    this.envs = new Map(ports.map((port) => [port, this.env(port, props)]));
    streaming(this.pool.program, {
      image: site.images.streaming,
      envs: this.envs,
      network: site.plan.network.cidr,
      idleSeconds: site.cloud.can.frontDoorIdleSeconds,
    });
    site.frontDoor.route(host, this.pool, { port: 80, path: "/api/v1/streaming/health", status: 200 });
  }

  private env(port: number, props: StreamingPoolProps): Env {
    const site = this.pool.site;
    const env = new Env(site.problems, rule("streaming", MastodonVersion.of(site.version)));
    const database = props.database.reachedBy(this.pool, "streaming looks up tokens and filters");
    env
      .set("BIND", "127.0.0.1", this)
      .set("PORT", port, this)
      .set("DB_HOST", database.host, this)
      .set("DB_PORT", database.port, this)
      .set("DB_NAME", database.name, this)
      .set("DB_USER", database.user, this)
      .set("DB_PASS", database.password, this)
      .set("DB_POOL", props.databaseConnections ?? 10, this);
    // Node takes any word but these two as full verification, which a self-signed certificate cannot pass.
    if (database.tls) env.set("DB_SSLMODE", "no-verify", this);
    redisEnv(env, "", props.redis.reachedBy(this.pool, "streaming subscribes"), this);
    return env;
  }
}
