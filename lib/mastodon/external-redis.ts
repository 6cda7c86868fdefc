// An external Redis: `Redis.external({ url: "rediss://cache.example.net:6380", ca })`, or by host and port, or by its sentinels.

import { Endpoint } from "../core/endpoint";
import { Host } from "../core/host";
import { Secret } from "../core/secret";
import { Site } from "./site";
import { calledOf, ExternalServerProps, ExternalServer, knownName } from "./external-server";
import { REDIS_PORTS, SENTINEL_PORT } from "./ports";
import { PASSWORDS, RedisFacts, RedisServer, RedisUse } from "./redis-facts";
import { externalPassword, PASSWORD_OF_EXTERNAL } from "./secrets";
import { versionOf } from "./version";

interface Common {
  /**
   * What Mastodon uses it for: `main` for feeds and pub/sub, `sidekiq` for jobs, `cache`. `main` and `sidekiq` must not evict keys.
   * @default "main"
   */
  readonly use?: RedisUse;
  /**
   * The user name (ACL).
   * @default - Redis' default user
   */
  readonly user?: string;
  /**
   * Its password, which may hold any printable character but space, `"`, `%` and `\`; `none` for a Redis without one.
   * @default - the secret `redis_password`, `redis_cache_password` or `redis_sidekiq_password`, which the secrets command takes over
   */
  readonly password?: Secret | "none";
  /**
   * The number of the database.
   * @default 0
   */
  readonly db?: number;
}

interface Encrypted {
  /**
   * The certificate authority that signed its certificate, as the text of a PEM file. A change replaces the application machines.
   * @default - the public certificate authorities
   */
  readonly ca?: string;
}

/** A Redis given by its URL; the scheme `rediss` encrypts. */
export interface ExternalRedisUrlProps extends Pick<Common, "use" | "password">, Encrypted, Pick<ExternalServerProps, "address"> {
  /** As in `rediss://default@cache.example.net:6380/0`, without the password, which is a secret. */
  readonly url: string;
}

/** A Redis given by host and port. */
export interface ExternalRedisPartsProps extends Common, Encrypted, ExternalServerProps {
  /**
   * Its TCP port.
   * @default 6379
   */
  readonly port?: number;
  /**
   * Whether connections are encrypted. Mastodon then always checks the certificate, which must contain `host`.
   * @default false
   */
  readonly tls?: boolean;
}

export interface ExternalSentinel extends ExternalServerProps {
  /**
   * The TCP port of this sentinel.
   * @default - `port` of `sentinels`
   */
  readonly port?: number;
}

/**
 * A Redis given by its sentinels, which return the master's address: every machine of the site must reach that address. Mastodon cannot
 * encrypt these connections.
 */
export interface ExternalRedisSentinelProps extends Common {
  /**
   * The TCP port of Redis itself, for the list of flows only: processes get the port from the sentinels.
   * @default 6379
   */
  readonly port?: number;
  readonly sentinels: {
    /** The master's name in the sentinels' configuration. */
    readonly master: string;
    readonly hosts: readonly ExternalSentinel[];
    /**
     * The TCP port of sentinels that have no `port` of their own.
     * @default 26379
     */
    readonly port?: number;
    /**
     * The sentinels' own password (`requirepass`), a `Secret` of the page. Supported by Mastodon 4.6 and later.
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
  /** Its name; `undefined` for a host that Terraform computes. */
  readonly name: string | undefined;
  private readonly described: ExternalServer;
  private readonly password: Secret | "none" | undefined;
  private readonly facts: Omit<RedisFacts, "password" | "sentinel">;
  private readonly sentinels: ExternalRedisSentinelProps["sentinels"] | undefined;
  private readonly endpoints;

  constructor(props: ExternalRedisProps) {
    this.use = props.use ?? "main";
    // Messages do not contain the url: it may hold a password.
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
        "give sentinels alone: with them Mastodon can neither encrypt nor use a host; for TLS give the url of a proxy that follows the master",
      );
    }
    if (ca !== undefined && tls !== true) {
      this.described.wrong("ca is given, but the connection is not encrypted", "use rediss:// or tls: true, or leave ca out");
    }
    const servers = this.sentinels?.hosts ?? [
      { host, ...(address !== undefined && { address }), ...(managed !== undefined && { managed }) },
    ];
    if (servers.length === 0) this.described.wrong("sentinels.hosts is empty", "list every sentinel");
    this.endpoints = servers.map((server) => this.described.named(server, tls === true));
    this.path = `Redis.external ${this.sentinels?.master ?? calledOf(servers[0] ?? { host })}`;
    this.name = this.sentinels?.master ?? knownName({ host, ...(managed !== undefined && { managed }) });
    if (parts.user !== undefined && !/^[A-Za-z0-9._-]+$/.test(parts.user)) {
      this.described.wrong(`user is "${parts.user}"`, "use letters, digits and . _ -, which Ruby and Node parse alike in a URL");
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

  /** Whether sentinels say where it is. */
  get moves(): boolean {
    return this.sentinels !== undefined;
  }

  reachedBy(who: Host, why: string): RedisFacts {
    const site = Site.of(who);
    site.shared.external.add(this);
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
      who.reaches({ kind: "external", name: `${facts.sentinel.master} as its sentinels say` }, this.facts.port, why);
    return facts;
  }

  /** The port of the n-th server: of Redis itself, or of the n-th sentinel. */
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
      refuse(`it is encrypted, and Mastodon ${site.version} does not support that`, "use Mastodon 4.3 or later");
    }
    if (this.sentinels !== undefined && version.isBefore("4.3")) {
      refuse(`Mastodon ${site.version} does not support sentinels`, "give host, or use Mastodon 4.3 or later");
    } else if (this.sentinels?.password !== undefined && version.isBefore("4.6")) {
      refuse(
        `its sentinels require a password, which Mastodon ${site.version} does not support`,
        "use Mastodon 4.6 or later, run the sentinels without a password, or give the url of a proxy that follows the master",
      );
    }
  }

  private parse({ url, ...rest }: ExternalRedisUrlProps): ExternalRedisPartsProps {
    const [, scheme, user, password, host, port, db] = URL_SHAPE.exec(url) ?? [];
    // The message does not contain the url: it may hold a password.
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
