// Redis with replicas and the sentinels that monitor it: `new Redis(site, "Jobs", { use: "sidekiq", replicas: 2 })`.
// Another instance can run on the same machines: `new Redis(site, "Cache", { use: "cache", on: redis })`.

import { Construct } from "constructs";
import { Endpoint } from "../core/endpoint";
import { Host } from "../core/host";
import { Machine } from "../core/machine";
import { spreadVoters } from "../core/quorum";
import { Disk, Size } from "../core/size";
import { Site } from "./site";
import { wholeNumber } from "../core/whole-number";
import { ExternalRedis, ExternalRedisProps } from "./external-redis";
import { REDIS_PORTS, SENTINEL_PORT } from "./ports";
import { redis, RedisInstance } from "./programs/redis";
import { redisFront } from "./programs/redis-front";
import { sentinel } from "./programs/sentinel";
import { PASSWORDS, RedisFacts, RedisServer, RedisUse } from "./redis-facts";
import { secret } from "./secrets";
import { versionOf } from "./version";

export interface RedisProps {
  /**
   * What Mastodon uses it for. `main`: feeds and pub/sub; `sidekiq`: jobs. Both are persistent, and refuse writes when memory is full. `cache`: not
   * persistent, evicts the least recently used keys.
   * @default "main"
   */
  readonly use?: RedisUse;
  /**
   * The number of replicas. With any, three sentinels on the first three of its machines monitor it, and one of these three is master. Without,
   * the site is down while its machine is down (without the cache it is only slower). With one replica, which only an instance on the machines of
   * another can have, a master that is cut off by the network keeps accepting writes, which are lost when it is back. With two or more it refuses
   * them before another is promoted; for that, all replicas but one must be connected, so more than two make writes less available, not more.
   * After a change the Redis machines have to be renewed. A change between none, one and two also replaces the application machines.
   * @default 0
   */
  readonly replicas?: number;
  /**
   * How processes find the master. `proxy`: through HAProxy on their own machine, which follows the sentinels and refuses connections at once
   * while there is no master. `sentinels`: processes query the sentinels themselves, as in Mastodon's guide, from 4.3 on. They then wait seconds
   * for a machine that does not answer, clients of the cache longest; application machines need no HAProxy for Redis. A cache on one machine uses
   * the proxy as well, so that pages fall back at once; `main` and `sidekiq` on one machine are connected to directly. A change replaces the
   * application machines.
   * @default "proxy"
   */
  readonly found?: "proxy" | "sentinels";
  /**
   * Another Redis whose machines it shares. It has a port, a directory and a Sentinel master name of its own.
   * @default - machines of its own
   */
  readonly on?: Redis;
  /**
   * The size of each of its own machines. A change stops the machine for a while.
   * @default Size.of({ cpus: 1, gib: 2 })
   */
  readonly size?: Size;
  /**
   * The data disk of each of its own machines. It is kept when the machine is replaced.
   * @default Disk.gib(20)
   */
  readonly disk?: Disk;
  /**
   * Redis' `maxmemory`, in MiB. At this limit a cache evicts keys, the others refuse writes. A change is delivered and takes effect at once; if it
   * follows from a change of `size`, it waits for the renewal that changes the memory.
   * @default - half of the machine's memory; an eighth for an instance on another's machines, since several may run there
   */
  readonly maxMemoryMib?: number;
  /**
   * After how many seconds without an answer the sentinels consider the master down. 1 to 3 s later another serves, or 6 s after that if no sentinel
   * won the first election (docs/reliability.md). With fewer seconds, a busy machine may be considered down. With two or more replicas it is at
   * least 5: a master that is cut off needs 4 s to notice that it has no replicas, and must refuse writes before another accepts them. A change
   * is delivered to the running sentinels.
   * @default 5
   */
  readonly downAfterSeconds?: number;
  /**
   * The tier's position in the address range of its role. A change replaces the machines.
   * @default - from the tier's name
   */
  readonly slot?: number;
}

const WHY: Readonly<Record<RedisUse, string>> = {
  main: "keeps timelines, and carries what streaming tells",
  cache: "spares the database what was asked a moment ago",
  sidekiq: "keeps the jobs that wait",
};
const SENTINELS = 3;
/** With fewer seconds and two replicas, a promoted master would accept writes while the old master still does. */
const LEAST_SECONDS = 5;

export class Redis extends Construct implements RedisServer {
  readonly use: RedisUse;
  /** The machines that run an instance, the first master first. */
  readonly machines: readonly Machine[];
  /** All machines of the tier whose machines it uses. */
  readonly home: readonly Machine[];
  private readonly found: "proxy" | "sentinels";
  private readonly machineGib: number;
  private readonly instance: RedisInstance;
  private readonly instances: RedisInstance[];
  private readonly endpoints: readonly Endpoint<RedisFacts>[];
  private readonly sentinels: readonly Endpoint<RedisFacts>[];

  constructor(scope: Construct, id: string, props: RedisProps = {}) {
    super(scope, id);
    const site = Site.of(this);
    const name = site.nameOf(this);
    this.use = props.use ?? "main";
    this.found = props.found ?? "proxy";
    const replicas = this.watched(this.whole("replicas", props.replicas ?? 0, 0, 8));
    const size = props.size ?? Size.of({ cpus: 1, gib: 2 });
    this.machineGib = props.on?.machineGib ?? size.gib;
    this.home = props.on?.home ?? this.make(name, replicas + 1, size, props);
    this.instances = props.on?.instances ?? [];
    if (this.instances.some((other) => other.port === REDIS_PORTS[this.use])) {
      site.problems.add(this, {
        wrong: `its machines run a Redis for ${this.use} already`,
        remedy: "leave `on` out, or give another use",
      });
    }
    const own = (["size", "disk", "slot"] as const).filter((prop) => props.on !== undefined && props[prop] !== undefined);
    if (own.length > 0) {
      site.problems.add(this, {
        wrong: `${own.join(", ")} is given, but it shares the machines of ${props.on!.node.path}`,
        remedy: "give it there, or leave `on` out",
      });
    }
    if (replicas + 1 > this.home.length) {
      site.problems.add(this, {
        wrong: `replicas is ${replicas} on ${this.home.length} machines`,
        remedy: `use at most ${this.home.length - 1}, or give it machines of its own`,
      });
    }
    if (replicas > 0 && this.home.length < SENTINELS) {
      site.problems.add(this, {
        wrong: `replicas is ${replicas}, which leaves ${this.home.length} machines for sentinels`,
        remedy: "use no replica, or at least 2: three sentinels are the minimum for a majority when one machine is down",
      });
    }
    this.machines = this.home.slice(0, replicas + 1);
    const memory = props.maxMemoryMib ?? Math.floor((this.machineGib * 1024) / (props.on ? 8 : 2));
    const instance: RedisInstance = {
      name,
      port: REDIS_PORTS[this.use],
      durable: this.use !== "cache",
      maxMemoryMib: this.whole("maxMemoryMib", memory, 16, 1024 * 1024),
      memoryFollowsSize: props.maxMemoryMib === undefined,
      password: secret(site, PASSWORDS[this.use]),
      first: this.machines[0]!.name,
      replicas,
      downAfterSeconds: this.whole("downAfterSeconds", props.downAfterSeconds ?? 5, replicas > 1 ? LEAST_SECONDS : 1, 60),
      sentinels: replicas > 0 ? this.home.slice(0, SENTINELS).map((machine) => machine.name) : [],
    };
    if (replicas > 0) spreadVoters(this, this.home.slice(0, SENTINELS), "sentinels");
    this.instance = instance;
    this.instances.push(instance);
    const facts = this.facts(site, instance);
    this.endpoints = this.machines.map((machine) => Endpoint.on(machine, instance.port, facts));
    this.sentinels =
      instance.sentinels.length === 0 ? [] : this.home.slice(0, SENTINELS).map((m) => Endpoint.on(m, SENTINEL_PORT, facts));
    site.inventory.tier(this, { kind: "Redis", why: WHY[this.use] });
    for (const [n, machine] of this.machines.entries()) {
      const { port, sentinels } = instance;
      const facts = { use: this.use, port, name, first: n === 0, sentinels };
      machine.runs(this, { unit: `redis-server@${name}.service`, what: "redis", facts });
      redis(machine.program, instance, machine.name);
    }
    for (const machine of this.home.slice(0, instance.sentinels.length))
      machine.runs(props.on ?? this, { unit: "redis-sentinel.service", what: "sentinel", facts: { port: SENTINEL_PORT } });
  }

  /** An external Redis, given by url, by host and port, or by its sentinels. */
  static external(props: ExternalRedisProps): ExternalRedis {
    return new ExternalRedis(props);
  }

  get path(): string {
    return this.node.path;
  }

  /** Opens the instance on every machine that may become master, and the sentinels. */
  reachedBy(who: Host, why: string): RedisFacts {
    for (const endpoint of this.sentinels) endpoint.reachedBy(who, `${why}: who is master`);
    if (this.sentinels.length === 0 && this.use !== "cache") return this.endpoints[0]!.reachedBy(who, why);
    if (this.found === "proxy") return this.throughProxy(who, why);
    if (this.sentinels.length === 0) return this.endpoints[0]!.reachedBy(who, why);
    // Sentinels return addresses, so the client needs the sentinels' host names only.
    for (const machine of this.machines) machine.open(who.role, this.instance.port, why);
    return this.facts(Site.of(this), this.instance);
  }

  /** Adds the proxy to the master to the client's HAProxy. */
  private throughProxy(who: Host, why: string): RedisFacts {
    const { name, port, password, sentinels } = this.instance;
    // Only the machines with sentinels are ever promoted, so a further replica changes no client.
    const candidates = this.endpoints.slice(0, SENTINELS);
    const facts = candidates.map((endpoint) => endpoint.reachedBy(who, why));
    const machines = this.machines.slice(0, SENTINELS).map((machine) => machine.name);
    redisFront(who.program, { name, port, password, machines, sentinels });
    const { sentinel: _, ...here } = facts[0]!;
    return { ...here, host: "127.0.0.1" };
  }

  private facts(site: Site, instance: RedisInstance): RedisFacts {
    return {
      use: this.use,
      port: instance.port,
      password: instance.password,
      host: instance.first,
      ...(instance.sentinels.length > 0 && {
        sentinel: {
          master: instance.name,
          servers: instance.sentinels.map((host) => ({ host, port: SENTINEL_PORT })),
        },
      }),
    };
  }

  private make(name: string, count: number, size: Size, props: RedisProps): readonly Machine[] {
    const site = Site.of(this);
    const range = site.range(this, "redis", name, props.slot);
    const machines = Array.from({ length: count }, (_, n) => {
      return new Machine(this, `${n + 1}`, {
        name: `${name}-${n + 1}`,
        role: "redis",
        range,
        number: n + 1,
        size,
        disks: { data: props.disk ?? Disk.gib(20) },
      });
    });
    // Replicas are renewed first. Another machine may be master by then; the sentinels decide.
    machines[0]!.renewedAfter(() => machines.slice(1));
    for (const [n, machine] of machines.entries()) {
      // The machines of a Redis may connect to each other on every port from the start, so that another instance or replica changes none of them.
      for (const port of [...Object.values(REDIS_PORTS), SENTINEL_PORT]) machine.open("redis", port, "replication and sentinels");
      for (const peer of machines.slice(0, SENTINELS)) machine.knows(peer);
      machine.program.add({ kind: "mount", device: () => machine.device("data"), at: "/var/lib/redis" });
      if (n < SENTINELS) {
        sentinel(
          machine.program,
          () => this.instances.filter((instance) => instance.sentinels.length > 0),
          secret(site, "sentinel_password"),
        );
      }
    }
    return machines;
  }

  // Refuses replicas that no client could find.
  private watched(replicas: number): number {
    const site = Site.of(this);
    if (replicas === 0 || this.found === "proxy" || !versionOf(site).isBefore("4.3")) return replicas;
    site.problems.add(this, {
      wrong: `replicas is ${replicas} with found: "sentinels", and Mastodon ${site.version} does not support sentinels`,
      remedy: "leave found out, use no replica, or use Mastodon 4.3 or later",
    });
    return 0;
  }

  private whole(prop: string, value: number, least: number, most: number): number {
    return wholeNumber(Site.of(this).problems, this, prop, value, { least, most });
  }
}
