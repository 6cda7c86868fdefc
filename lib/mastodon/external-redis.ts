// A Redis that the page does not make: `Redis.external({ url: "rediss://cache.example.net:6380", ca })`, or by parts, or by its sentinels.

import { Endpoint } from "../core/endpoint";
import { Host } from "../core/host";
import { Secret } from "../core/secret";
import { Site } from "./site";
import { ExternalServerProps, ExternalServer } from "./external-server";
import { REDIS_PORTS, SENTINEL_PORT } from "./ports";
import { PASSWORDS, RedisFacts, RedisServer, RedisUse } from "./redis-facts";
import { externalPassword, PASSWORD_OF_EXTERNAL } from "./secrets";
import { versionOf } from "./version";

interface Common {
  /**
   * What it holds, as of a `Redis` of the page: `main` for feeds and pub/sub, `sidekiq` for jobs, `cache`. The first two must not evict.
   * @default "main"
   */
  readonly use?: RedisUse;
  /**
   * The name of its access list entry.
   * @default - Redis' own default user
   */
  readonly user?: string;
  /**
   * Its password, which may hold any printable character but space, `"`, `%` and `\`; or that it has none.
   * @default - the secret `redis_password`, `redis_cache_password` or `redis_sidekiq_password`, which the secrets command takes over
   */
  readonly password?: Secret | "none";
  /**
   * The number of its database.
   * @default 0
   */
  readonly db?: number;
}

interface Encrypted {
  /**
   * The certificate authority that signed its certificate, as the text of a PEM file. A change replaces the application machines.
   * @default - the public ones
   */
  readonly ca?: string;
}

/** By one address; `rediss` encrypts. */
export interface ExternalRedisUrlProps extends Pick<Common, "use" | "password">, Encrypted, Pick<ExternalServerProps, "address"> {
  /** As in `rediss://default@cache.example.net:6380/0`, without the password, which is a secret. */
  readonly url: string;
}

/** By parts. */
export interface ExternalRedisPartsProps extends Common, Encrypted, ExternalServerProps {
  /**
   * Where it listens.
   * @default 6379
   */
  readonly port?: number;
  /**
   * Whether connections are encrypted; Mastodon then always checks the certificate, which must hold `host`.
   * @default false
   */
  readonly tls?: boolean;
}

export interface ExternalSentinel extends ExternalServerProps {
  /**
   * Where this one listens.
   * @default - `port` of all
   */
  readonly port?: number;
}

/** By sentinels, which name the master's address: every machine of the site must reach it. Mastodon cannot encrypt then. */
export interface ExternalRedisSentinelProps extends Common {
  /**
   * Where Redis itself listens, for the table of flows; processes hear it from the sentinels.
   * @default 6379
   */
  readonly port?: number;
  readonly sentinels: {
    /** The name that they know the master by. */
    readonly master: string;
    readonly hosts: readonly ExternalSentinel[];
    /**
     * Where those of them listen that name no port.
     * @default 26379
     */
    readonly port?: number;
    /**
     * Their own password (`requirepass`), a `Secret` of the page. Only Mastodon from 4.6 on can give them one.
     * @default - none
     */
    readonly password?: Secret;
  };
}

export type ExternalRedisProps = ExternalRedisUrlProps | ExternalRedisPartsProps | ExternalRedisSentinelProps;

const URL_SHAPE = /^(rediss?):\/\/(?:([^:@/]*)(:[^@/]*)?@)?([^:@/?#]+)(?::(\d+))?(?:\/(\d*))?$/;

export class ExternalRedis implements RedisServer {
  readonly use: RedisUse;
  readonly path: string;
  private readonly described: ExternalServer;
  private readonly password: Secret | "none" | undefined;
  private readonly facts: Omit<RedisFacts, "password" | "sentinel">;
  private readonly sentinels: ExternalRedisSentinelProps["sentinels"] | undefined;
  private readonly endpoints;

  constructor(props: ExternalRedisProps) {
    this.use = props.use ?? "main";
    // Not by its url: that may hold a password.
    this.described = new ExternalServer(`Redis.external for ${this.use}`);
    this.password = props.password === "none" ? "none" : props.password?.readBy(PASSWORD_OF_EXTERNAL);
    this.sentinels = "sentinels" in props ? props.sentinels : undefined;
    const parts = "url" in props ? this.parse(props) : props;
    const { host, address, managed, port, tls, ca } = {
      host: "",
      address: undefined,
      managed: undefined,
      port: undefined,
      tls: undefined,
      ca: undefined,
      ...parts,
    };
    if (this.sentinels !== undefined && (tls === true || ca !== undefined || host !== "")) {
      this.described.wrong(
        "sentinels are given together with host, tls or ca",
        "give sentinels alone: by them Mastodon can neither encrypt nor use a host; for TLS give a url that follows the master, such as a proxy's",
      );
    }
    if (ca !== undefined && tls !== true) {
      this.described.wrong("ca is given, but the connection is not encrypted", "use rediss:// or tls: true, or leave ca out");
    }
    const servers = this.sentinels?.hosts ?? [
      { host, ...(address !== undefined && { address }), ...(managed !== undefined && { managed }) },
    ];
    if (servers.length === 0) this.described.wrong("sentinels.hosts is empty", "name each sentinel");
    this.endpoints = servers.map((server) => this.described.named(server, tls === true));
    this.path = `Redis.external ${this.sentinels?.master ?? host}`;
    if (parts.user !== undefined && !/^[A-Za-z0-9._-]+$/.test(parts.user)) {
      this.described.wrong(`user is "${parts.user}"`, "use letters, digits and . _ -, which Ruby and Node read alike in a URL");
    }
    if (this.sentinels !== undefined && !/^[A-Za-z0-9._-]+$/.test(this.sentinels.master)) {
      this.described.wrong(`sentinels.master is "${this.sentinels.master}"`, "use letters, digits and . _ - as Redis does");
    }
    this.facts = {
      use: this.use,
      host,
      port: this.described.port(port ?? REDIS_PORTS.main),
      user: parts.user,
      db: parts.db === undefined ? undefined : this.described.whole("db", parts.db, 0, 65535),
      ...(tls === true && { tls: { ca: this.described.certificates(ca) } }),
    };
    if (this.sentinels?.port !== undefined) this.described.port(this.sentinels.port, "sentinels.port");
    for (const { port } of this.sentinels?.hosts ?? []) if (port !== undefined) this.described.port(port, "sentinels.hosts.port");
  }

  reachedBy(who: Host, why: string): RedisFacts {
    const site = Site.of(who);
    this.described.tell(site);
    this.checkVersion(site);
    const password = this.password ?? externalPassword(site, PASSWORDS[this.use], this.path);
    const facts: RedisFacts = {
      ...this.facts,
      password: password === "none" ? undefined : password,
      ...(this.sentinels !== undefined && {
        sentinel: {
          master: this.sentinels.master,
          servers: this.endpoints.map(({ name: host }, n) => ({ host, port: this.portOf(n) })),
          password: this.sentinels.password?.readBy(PASSWORD_OF_EXTERNAL),
        },
      }),
    };
    const asks = this.sentinels === undefined ? why : `${why}: who is master`;
    for (const [n, endpoint] of this.endpoints.entries()) Endpoint.external(endpoint, this.portOf(n), facts).reachedBy(who, asks);
    if (facts.sentinel !== undefined)
      who.reaches({ kind: "outside", name: `${facts.sentinel.master} as its sentinels say` }, this.facts.port, why);
    return facts;
  }

  /** Where the n-th server that processes ask listens. */
  private portOf(n: number): number {
    return this.sentinels === undefined
      ? this.facts.port
      : (this.sentinels.hosts[n]!.port ?? this.sentinels.port ?? SENTINEL_PORT);
  }

  private checkVersion(site: Site): void {
    const version = versionOf(site);
    const refuse = (wrong: string, remedy: string) =>
      site.problems.add(site, { wrong: `${this.described.call}: ${wrong}`, remedy });
    if (this.facts.tls !== undefined && version.isBefore("4.3")) {
      refuse(`it is encrypted, and Mastodon ${site.version} cannot do that`, "use Mastodon 4.3, the first that can");
    }
    if (this.sentinels !== undefined && version.isBefore("4.3")) {
      refuse(`Mastodon ${site.version} cannot ask sentinels who is master`, "give host, or use Mastodon 4.3, the first that can");
    } else if (this.sentinels?.password !== undefined && version.isBefore("4.6")) {
      refuse(
        `its sentinels want a password, and Mastodon ${site.version} gives them none`,
        "use Mastodon 4.6 or later, let the sentinels answer everybody, or give a url that follows the master",
      );
    }
  }

  private parse({ url, ...rest }: ExternalRedisUrlProps): ExternalRedisPartsProps {
    const [, scheme, user, password, host, port, db] = URL_SHAPE.exec(url) ?? [];
    // The text itself stays out of the message: it may hold a password.
    if (host === undefined) {
      this.described.wrong(
        "url cannot be read",
        `write it as in rediss://user@host:${REDIS_PORTS.cache}/0, without password and query`,
      );
    }
    if (password !== undefined) {
      this.described.wrong("url holds a password", "leave it out of the url, and give it as a secret in password");
    }
    return {
      ...rest,
      host: host ?? "unknown",
      ...(user !== undefined && user !== "" && { user }),
      ...(port !== undefined && { port: Number(port) }),
      ...(db !== undefined && db !== "" && { db: Number(db) }),
      tls: scheme === "rediss",
    };
  }
}
