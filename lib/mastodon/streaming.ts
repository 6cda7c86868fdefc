// Streaming on machines and a host name of its own: `new StreamingPool(site, "Streaming", { processes: 3, ...data })`.
// On the web machines it is a prop of the web tier: `new WebTier(site, "Web", { streaming: { processes: 2 }, ...data })`.

import { Construct } from "constructs";
import { wrongDomain } from "../core/address";
import { Env } from "../core/env";
import { HTTP_PORT } from "../core/ports";
import { following } from "../core/problems";
import { Pool } from "../core/pool";
import { Scale } from "../core/scale";
import { Size } from "../core/size";
import { ExtraEnv } from "./setting";
import { Site } from "./site";
import { wholeNumber } from "../core/whole-number";
import { clientsOf, meantFor, webSocketsOf } from "./clients";
import { imageOf } from "./images";
import { measuresUse } from "./pools-used";
import { STREAMING_PORT } from "./ports";
import { MOST_PROCESSES, streamingOf } from "./process-count";
import { processEnv, TierEnv } from "./process-env";
import { streaming, streamingUnit } from "./programs/streaming";
import { Data, redisEnv } from "./ruby";
import { nodeTls, nodeTrusts } from "./trust";
import { versionOf } from "./version";

export interface StreamingPoolProps extends Pick<Data, "database" | "redis"> {
  /**
   * The number of machines. A change adds or removes machines; the others stay as they are.
   * @default 2
   */
  readonly machines?: number;
  /**
   * Lets the cloud choose the number of machines by how busy their processors are, and by how many WebSockets they have (`usedPercent`), `machines` at
   * least. WebSockets that are open stay on their machine when one is added, and connect again elsewhere when it is removed.
   * @default - as many as `machines`
   * @throws at synth if the cloud does not scale
   */
  readonly scale?: Scale;
  /**
   * Node processes per machine, on ports 4000, 4001 and so on. More than one per CPU has no benefit. Each takes about 0.25 GiB. A change replaces the
   * machines.
   * @default - one per CPU, as far as the memory allows
   */
  readonly processes?: number;
  /**
   * How many WebSockets the pool is to carry at the same time: one for each browser tab or app that shows Mastodon, so some 80 for each 1,000 people
   * who are active in a month (`communityOf`). nginx, the kernel and the front door get limits for them, such that the other machines can carry all
   * when one is lost, or the one machine if there is no other. Limits grow in steps (4,096, 8,192, 16,384, 32,768 and 49,152 on a machine). A change
   * to another step replaces the machines; so may a change of `machines`. A front door that is chosen by size becomes a larger one, which may cost more.
   * @default - limits for 4,096 on each machine, and a front door that is chosen without regard to them
   * @throws at synth if it is not a whole number from 1, or more than the machines or the front door can carry
   */
  readonly clients?: number;
  /**
   * The size of each machine. A change replaces the machines.
   * @default Size.of({ cpus: 1, gib: 1 })
   */
  readonly size?: Size;
  /**
   * The host name that browsers connect to, which the front door routes to these machines.
   * @default - `streaming.` followed by the host of the web interface
   */
  readonly host?: string;
  /**
   * Database connections of each process.
   * @default 10
   */
  readonly databaseConnections?: number;
  /**
   * Whether each response, including the one that opens a WebSocket, has the machine's name in the header `X-Served-By`, so that you know which
   * machine to inspect when streaming is wrong or slow. The names are public, but cannot be used to connect. A change replaces the machines.
   * @default true
   */
  readonly servedBy?: boolean;
  /**
   * Variables of these processes that no other prop sets. A change replaces the machines.
   * @default - none
   */
  readonly extraEnv?: ExtraEnv;
  /**
   * The tier's position in the address range of its role. A change replaces the machines.
   * @default - from the tier's name
   */
  readonly slot?: number;
}

export class StreamingPool extends Construct {
  readonly pool: Pool;
  /** The URL that the web interface gives to browsers (`STREAMING_API_BASE_URL`). */
  readonly baseUrl: string;
  /** The environment of each process, by its port. */
  readonly envs: ReadonlyMap<number, Env>;

  constructor(scope: Construct, id: string, props: StreamingPoolProps) {
    super(scope, id);
    const site = Site.of(this);
    const name = site.nameOf(this);
    const size = props.size ?? Size.of({ cpus: 1, gib: 1 });
    const machines = props.machines ?? 2;
    const host = props.host ?? `streaming.${site.webDomain}`;
    const wrong = wrongDomain("host", host);
    site.problems.add(this, props.host === undefined ? following(host, wrong) : wrong);
    this.baseUrl = `wss://${host}`;
    this.pool = new Pool(this, "Hosts", {
      name,
      role: "streaming",
      range: site.range(this, "streaming", name, props.slot),
      machines,
      scale: props.scale,
      size,
    });
    const processes = props.processes ?? streamingOf(size);
    const clients = clientsOf(this, props.clients);
    this.envs = streamingEnvs(this.pool, this, props.scale?.most ?? machines, {
      ...props,
      processes,
      tier: { extraEnv: props.extraEnv, processes: ["streaming"] },
    });
    const sockets = { clients, machines, processes, size };
    streaming(this.pool.program, {
      ...streamingProgram(site, this),
      envs: this.envs,
      network: site.plan.network.cidr,
      frontDoor: site.frontDoor.sourcesOutside,
      servedBy: props.servedBy ?? true,
      idleSeconds: site.cloud.can.frontDoorIdleSeconds,
      webSockets: webSocketsOf(this, sockets),
    });
    measuresUse(this, this.pool, props.scale, { threads: false, webSockets: meantFor(sockets) });
    site.inventory.tier(this, { kind: "StreamingPool", why: `tells browsers and apps at ${host} what is new` });
    runsStreaming(this.pool, this, this.envs);
    site.frontDoor.route(host, this.pool, { port: HTTP_PORT, path: "/api/v1/streaming/health", status: 200 }, clients);
  }
}

/** Adds the streaming processes of a host to the inventory. */
export function runsStreaming(host: Pool, by: Construct, envs: ReadonlyMap<number, Env>): void {
  for (const port of envs.keys()) host.runs(by, { unit: streamingUnit(port), what: "streaming", facts: { port } });
}

/** Streaming processes on the machines of another tier. */
export interface StreamingProcesses {
  /** Node processes per machine, on ports 4000, 4001 and so on. Each takes about 0.25 GiB and up to one CPU. */
  readonly processes: number;
  /**
   * How many WebSockets all machines are to carry at the same time, as `clients` of a `StreamingPool`. A change to another step replaces the machines.
   * @default - limits for 4,096 on each machine, and a front door that is chosen without regard to them
   * @throws at synth if it is not a whole number from 1, or more than the machines or the front door can carry
   */
  readonly clients?: number;
  /**
   * Database connections of each process.
   * @default 10
   */
  readonly databaseConnections?: number;
}

type StreamingNeeds = StreamingProcesses & Pick<Data, "database" | "redis"> & { readonly tier: TierEnv };

/** The image and the command of streaming. */
export function streamingProgram(site: Site, by: Construct): { readonly image: string; readonly command: string } {
  const image = imageOf(site, "streaming", by);
  return { image, command: versionOf(site).isBefore("4.3") ? "node ./streaming" : "node ./streaming/index.js" };
}

/**
 * The environment of each streaming process on the machines of `host`, by port. Also counts their database connections.
 * @param most the most machines at the same time
 */
export function streamingEnvs(host: Pool, by: Construct, most: number, props: StreamingNeeds): ReadonlyMap<number, Env> {
  const { processes, databaseConnections = 10 } = props;
  const count = wholeNumber(Site.of(host).problems, by, "processes of streaming", processes, {
    least: 1,
    most: MOST_PROCESSES.streaming,
  });
  const version = versionOf(Site.of(host));
  const ports = Array.from({ length: count }, (_, n) => STREAMING_PORT + n);
  props.database.expects(by, {
    processes: most * ports.length,
    each: databaseConnections,
    reads: version.isBefore("4.2") ? "only" : false,
    doubles: true,
    what: by instanceof StreamingPool ? undefined : "streaming",
  });
  return new Map(ports.map((port) => [port, streamingEnv(host, by, port, databaseConnections, props)]));
}

function streamingEnv(host: Pool, by: Construct, port: number, databaseConnections: number, needs: StreamingNeeds): Env {
  const version = versionOf(Site.of(host));
  const env = processEnv(host, "streaming", by, needs.tier);
  const why = "streaming looks up tokens and filters";
  // Streaming only reads, and up to 4.1 Mastodon's guide recommends a replica for it.
  const replica = version.isBefore("4.2") ? needs.database.replicaReachedBy(host, why) : undefined;
  const database = replica ?? needs.database.reachedBy(host, why);
  env
    .set("BIND", "127.0.0.1", by)
    .set("PORT", port, by)
    .set("DB_HOST", database.host, by)
    .set("DB_PORT", database.port, by)
    .set("DB_NAME", database.name, by)
    .set("DB_USER", database.user, by)
    .set("DB_PASS", database.password, by);
  // By default it would fork a process for each CPU but one, each with as many connections.
  if (version.isBefore("4.2")) env.set("STREAMING_CLUSTER_NUM", 1, by);
  env.set("DB_POOL", databaseConnections, by);
  nodeTls(env, host, database, by);
  const redis = needs.redis.reachedBy(host, "streaming subscribes");
  redisEnv(env, "", redis, by);
  if (redis.tls?.ca !== undefined) nodeTrusts(env, host, redis.tls.ca, by);
  return env;
}
