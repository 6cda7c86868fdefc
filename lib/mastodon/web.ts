// Mastodon's web machines, nginx and Puma on each: `new WebTier(site, "Web", { machines: 3, streaming: live, ...data })`.

import { Construct } from "constructs";
import { Env } from "../core/env";
import { Pool } from "../core/pool";
import { HTTP_PORT } from "../core/ports";
import { Scale } from "../core/scale";
import { Size } from "../core/size";
import { ExtraEnv } from "./setting";
import { Site } from "./site";
import { wholeNumber } from "../core/whole-number";
import { clientsOf, meantFor, webSocketsOf } from "./clients";
import { imageOf } from "./images";
import { filesVolumes, uploadsOf } from "./media";
import { measuresUse } from "./pools-used";
import { PUMA_PORT } from "./ports";
import { gibOfPuma, MOST_PROCESSES, pumaOf } from "./process-count";
import { TierEnv } from "./process-env";
import { ClientLimits, wrongLimits } from "./programs/client-limits";
import { web, WEB_UNIT } from "./programs/web";
import { KEPT_THREADS } from "./programs/puma-queue";
import { preparesDatabase } from "./queues";
import { ADMINISTRATOR, Data, rubyEnv } from "./ruby";
import { runsStreaming, streamingEnvs, StreamingPool, StreamingProcesses, streamingProgram } from "./streaming";
import { versionOf } from "./version";

export interface WebTierProps extends Data {
  /**
   * The number of machines. A change adds or removes machines; the others stay as they are.
   * @default 2
   */
  readonly machines?: number;
  /**
   * Lets the cloud choose the number of machines by how busy their processors are, and by how many of Puma's threads work (`usedPercent`), `machines` at least.
   * @default - as many as `machines`
   * @throws at synth if the cloud does not scale
   */
  readonly scale?: Scale;
  /**
   * Puma processes per machine (`WEB_CONCURRENCY`). A process uses at most one CPU, and takes 400 MiB and 20 MiB more for each thread. A change replaces
   * the machines.
   * @default - one per CPU, as far as the memory allows
   */
  readonly processes?: number;
  /**
   * Threads of each Puma process (`MAX_THREADS`), each with a database connection. One thread per machine is reserved for health checks. A request
   * that finds all others busy waits up to a second, and then gets a 503 with a small page. A change replaces the machines.
   * @default 5
   */
  readonly threads?: number;
  /**
   * The size of each machine. A change replaces the machines.
   * @default Size.of({ cpus: 2, gib: 4 })
   */
  readonly size?: Size;
  /**
   * Where streaming runs: in a pool with a host name of its own, or, as in `{ processes: 2 }`, on these machines under the site's own host name.
   * The latter saves machines, a host name and, on clouds whose load balancers serve one host name, a load balancer; but heavy streaming then takes
   * CPU from web requests. A change replaces the machines.
   * @default - no streaming: timelines update only when a page is reloaded
   */
  readonly streaming?: StreamingPool | StreamingProcesses;
  /**
   * Every proxy between browsers and Puma other than nginx and the front door, as addresses or ranges: a CDN's, for instance. Requests from other
   * proxies that give a client address get an error (`TRUSTED_PROXY_IP`).
   * @default - the private ranges, which include nginx and the front door
   */
  readonly trustedProxies?: readonly string[];
  /**
   * How often one client may search, sign up and upload at once, and then in each minute; 0 for no limit. More requests get a 429 from nginx and take
   * no thread of Puma. A client is an address, or a /64 of IPv6. Raise them if many people share an address, such as a school. Behind a CDN, name its
   * ranges in `trustedProxies`: otherwise its users count as one client. Requests from the site's own network have no limit. A change replaces the
   * machines.
   * @default { search: 120, signUp: 10, upload: 60 }
   * @throws at synth if a number is not whole, or not from 0 to 6,000
   */
  readonly limitsPerMinute?: ClientLimits;
  /**
   * Disk space of each machine, in MiB, for answers that Mastodon allows to be cached: pages and posts as strangers and other servers see them, for
   * as long as Mastodon says, and longer only while Puma is busy or does not answer (docs/serving.md). It takes 10 MiB of memory too. 0 for no cache. A change replaces the machines.
   * @default 1024, as in Mastodon's own settings for nginx
   * @throws at synth if it is not a whole number from 0 to 65,536
   */
  readonly cacheMib?: number;
  /**
   * How long, in minutes, the scripts and styles of a release can be loaded after its last web machine was removed; 0 for a roll-out alone. A page that
   * is open in a browser loads more of them while it is used. Each release takes some 100 MiB of disk on each machine, and a new machine fetches its image first. A change
   * replaces the machines.
   * @default 60
   * @throws at synth if it is not a whole number from 0 to 10,080, a week
   */
  readonly oldAssetsMinutes?: number;
  /**
   * Whether each response has the machine's name in the header `X-Served-By`, as in `X-Served-By: web-1-5f2c1a`, so that you know which machine to
   * inspect when a response is wrong or slow; drills use it too. The names are public, but cannot be used to connect. A change replaces the machines.
   * @default true
   */
  readonly servedBy?: boolean;
  /**
   * Variables of these processes, including streaming on these machines, that no other prop sets. Each process gets those that it reads. A change
   * replaces the machines.
   * @default - none
   */
  readonly extraEnv?: ExtraEnv;
  /**
   * The tier's position in the address range of its role. A change replaces the machines.
   * @default - from the tier's name
   */
  readonly slot?: number;
}

const PRIVATE = ["127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

export class WebTier extends Construct {
  readonly pool: Pool;
  /** Puma's environment. */
  readonly env: Env;
  /** The environment of the administrator's commands on the machine. */
  readonly taskEnv: Env;
  /** The environment of each streaming process on the machines themselves, by its port. */
  readonly streamingEnvs: ReadonlyMap<number, Env>;

  constructor(scope: Construct, id: string, props: WebTierProps) {
    super(scope, id);
    const site = Site.of(this);
    const name = site.nameOf(this);
    const size = props.size ?? Size.of({ cpus: 2, gib: 4 });
    const machines = props.machines ?? 2;
    const most = props.scale?.most ?? machines;
    const streaming = props.streaming instanceof StreamingPool ? undefined : props.streaming;
    const baseUrl = props.streaming instanceof StreamingPool ? props.streaming.baseUrl : undefined;
    const threads = wholeNumber(site.problems, this, "threads", props.threads ?? pumaOf(size).threads, { least: 1, most: 64 });
    const fitting = pumaOf(size, { threads, streaming: streaming?.processes }).processes;
    const possible = { least: 1, most: MOST_PROCESSES.web };
    const processes = wholeNumber(site.problems, this, "processes", props.processes ?? fitting, possible);
    if (processes * threads <= KEPT_THREADS) {
      site.problems.add(this, {
        wrong: `processes is ${processes} and threads is ${threads}, and one thread is reserved for health checks`,
        remedy: "use at least 2 threads",
      });
    }
    const cacheMib = wholeNumber(site.problems, this, "cacheMib", props.cacheMib ?? 1024, { least: 0, most: 65_536 });
    const oldAssetsMinutes = wholeNumber(site.problems, this, "oldAssetsMinutes", props.oldAssetsMinutes ?? 60, {
      least: 0,
      most: 10_080,
    });
    const limits = props.limitsPerMinute ?? {};
    for (const problem of wrongLimits(limits)) site.problems.add(this, problem);
    const version = versionOf(site);
    const reads = props.replicaUrl === undefined;
    props.database.expects(this, { processes: most * processes, each: threads, reads, doubles: true });
    props.database.direct.expects(this, ADMINISTRATOR);
    this.pool = new Pool(this, "Hosts", {
      name,
      role: "web",
      range: site.range(this, "web", name, props.slot),
      machines,
      scale: props.scale,
      size,
    });
    const tier: TierEnv = {
      extraEnv: props.extraEnv,
      processes: streaming === undefined ? ["web", "task"] : ["web", "task", "streaming"],
    };
    this.env = rubyEnv(this.pool, "web", this, props, tier)
      .set("BIND", "127.0.0.1", this)
      .set("PORT", PUMA_PORT, this)
      .set("WEB_CONCURRENCY", processes, this)
      .set("MAX_THREADS", threads, this)
      .set("STREAMING_API_BASE_URL", baseUrl, this)
      .set("TRUSTED_PROXY_IP", props.trustedProxies && [...PRIVATE, ...props.trustedProxies].join(","), this);
    this.taskEnv = quiet(rubyEnv(this.pool, "task", this, props, tier), this).set("STREAMING_API_BASE_URL", baseUrl, this);
    this.streamingEnvs =
      streaming === undefined ? new Map<number, Env>() : streamingEnvs(this.pool, this, most, { ...props, ...streaming, tier });
    const files = filesVolumes(this.pool, this, this.env);
    const clients = clientsOf(this, streaming?.clients);
    const sockets = streaming && { ...streaming, clients, machines, size, gibOfOthers: gibOfPuma({ processes, threads }) };
    web(this.pool.program, {
      image: imageOf(site, "mastodon", this),
      version,
      env: this.env,
      taskEnv: this.taskEnv,
      files,
      uploads: uploadsOf(files, this.env),
      cacheMib,
      signed: ["AUTHORIZED_FETCH", "LIMITED_FEDERATION_MODE"].some((name) => this.env.all[name] === "true"),
      limits,
      oldAssetsSeconds: oldAssetsMinutes * 60,
      makara: version.isBefore("4.2") && this.env.all["REPLICA_DB_NAME"] !== undefined,
      streaming: sockets && {
        ...streamingProgram(site, this),
        envs: this.streamingEnvs,
        webSockets: webSocketsOf(this, sockets),
      },
      processes,
      threads,
      network: site.plan.network.cidr,
      frontDoor: site.frontDoor.sourcesOutside,
      trustedProxies: props.trustedProxies ?? [],
      servedBy: props.servedBy ?? true,
      idleSeconds: site.cloud.can.frontDoorIdleSeconds,
      waits: () => preparesDatabase(site),
    });
    measuresUse(this, this.pool, props.scale, { threads: true, webSockets: sockets && meantFor(sockets) });
    site.inventory.tier(this, { kind: "WebTier", why: `answers browsers, apps and other servers at ${site.webDomain}` });
    const streamingUrl = this.env.all["STREAMING_API_BASE_URL"];
    const facts = { port: PUMA_PORT, processes, threads, ...(streamingUrl !== undefined && { streaming: streamingUrl }) };
    this.pool.runs(this, { unit: WEB_UNIT, what: "web", facts });
    runsStreaming(this.pool, this, this.streamingEnvs);
    site.frontDoor.route(site.webDomain, this.pool, { port: HTTP_PORT, path: "/health", status: 200 }, clients);
    site.nextSteps.add(...site.frontDoor.visit(site.webDomain), ...ownersAccount(this.pool.made.loginOptions));
  }
}

function ownersAccount(options: string | undefined): readonly string[] {
  return options === undefined
    ? ["Its owner's account, once somebody may log in on a web machine, is made there:", "  mastodon-owner NAME --email ADDRESS"]
    : ["Its owner's account; prints the password, once:", `  npx cdktf-mastodon owner NAME --email ADDRESS ${options}`];
}

// Sidekiq's client logs each of its connections to Redis to standard output, which would mix with a command's own output.
function quiet(env: Env, by: Construct): Env {
  return env.all["RAILS_LOG_LEVEL"] === undefined ? env.set("RAILS_LOG_LEVEL", "warn", by) : env;
}
