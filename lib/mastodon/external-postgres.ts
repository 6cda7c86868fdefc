// An external PostgreSQL: `Postgres.external({ host: "db.example.net", name: "mastodon_production", user: "mastodon", ca })`.

import { Construct } from "constructs";
import { Endpoint } from "../core/endpoint";
import { Host } from "../core/host";
import { Secret } from "../core/secret";
import { Site } from "./site";
import { Clients, Connections } from "./connections";
import { DatabaseAdmin, DatabaseFacts, PostgresServer, SslMode } from "./database";
import { calledOf, ExternalServerProps, ExternalServer, knownName } from "./external-server";
import { POSTGRES_PORT } from "./ports";
import { externalPassword, PASSWORD_OF_EXTERNAL } from "./secrets";

export interface ExternalDatabaseProps extends ExternalServerProps {
  /** The name of the database, such as `mastodon_production`. */
  readonly name: string;
  /** The role that owns the database. Managed servers' forms `project.role` and `user@server` are accepted. */
  readonly user: string;
  /**
   * Its password. It may hold any printable character but space, `"`, `%` and `\`.
   * @default - the secret `database_password`, which the secrets command takes over from `DB_PASS`
   */
  readonly password?: Secret;
  /**
   * Encryption of connections, as libpq's `sslmode`. `verify-full`: encrypted, and the certificate must contain `host`. `require`: encrypted
   * without a check of the certificate, so a man in the middle can read along. `disable`: not encrypted; use it on a private network only.
   * @default "verify-full"
   */
  readonly tls?: SslMode;
  /**
   * The certificate authority that signed its certificate, as the text of a PEM file. A change replaces the application machines.
   * @default - the public certificate authorities
   */
  readonly ca?: string;
}

export interface ExternalPostgresProps extends ExternalDatabaseProps {
  /**
   * Its TCP port.
   * @default 5432
   */
  readonly port?: number;
  /**
   * Hot standbys for reads, with the same port, database, role, password and certificate authority. Without a pooler only the first is used;
   * a PgBouncer of the page balances reads over all.
   * @default - none
   */
  readonly replicas?: readonly ExternalServerProps[];
  /**
   * The maximum of connections from this page to each server: its `max_connections` less those of other clients and superusers.
   * @default 90 - of PostgreSQL's default of 100
   */
  readonly maxConnections?: number;
  /**
   * A user that may make roles and databases, such as the one that a managed server has at first. With it the database task makes the role `user` and
   * the database `name`, which the role owns, if they are not there, and gives the role its password again when that has changed. Only the machine of
   * the scheduler knows its password. A change replaces that machine.
   * @default - none: the role and its database exist
   */
  readonly admin?: ExternalAdminProps;
}

export interface ExternalAdminProps {
  /** Its name. It needs `CREATEROLE` and `CREATEDB`, and not to be a superuser. */
  readonly user: string;
  /** Its password, which may hold any printable character but space, `"`, `%` and `\`. */
  readonly password: Secret;
  /**
   * A database that exists already, to which it connects.
   * @default "postgres"
   */
  readonly database?: string;
}

export class ExternalPostgres implements PostgresServer {
  readonly direct: ExternalPostgres = this;
  readonly path: string;
  readonly admin: DatabaseAdmin | undefined;
  /** The maximum of connections from a page to each of its servers. */
  readonly maxConnections: number;
  /** The names of its servers, first that of the primary; `undefined` for a host that Terraform computes. */
  readonly names: readonly (string | undefined)[];
  private readonly described: ExternalServer;
  private readonly servers: readonly { readonly endpoint: (site: Site) => Endpoint<DatabaseFacts>; readonly name: string }[];

  constructor(props: ExternalPostgresProps) {
    this.path = `Postgres.external ${calledOf(props)}`;
    this.described = new ExternalServer(this.path);
    this.maxConnections = this.described.whole("maxConnections", props.maxConnections ?? 90, 1, 100_000);
    const port = this.described.port(props.port ?? POSTGRES_PORT);
    const facts = databaseFacts(this.described, props);
    this.admin = props.admin && this.adminOf(props.admin, props.user);
    const all = [props, ...(props.replicas ?? [])];
    this.names = all.map(knownName);
    this.servers = all.map((server) => {
      const named = this.described.named(server, facts.sslmode === "verify-full");
      return {
        name: `${calledOf(server)}:${port}`,
        endpoint: (site) =>
          Endpoint.external(named, port, {
            ...facts,
            host: server.host,
            port,
            password: props.password?.readBy(PASSWORD_OF_EXTERNAL) ?? externalPassword(site, "database_password", this.path),
            pooled: false,
          }),
      };
    });
  }

  reachedBy(who: Host, why: string): DatabaseFacts {
    const site = Site.of(who);
    this.described.tell(site);
    site.shared.external.add(this);
    return this.servers[0]!.endpoint(site).reachedBy(who, why);
  }

  replicaReachedBy(who: Host, why: string): DatabaseFacts | undefined {
    return this.servers[1]?.endpoint(Site.of(who)).reachedBy(who, why);
  }

  replicasReachedBy(who: Host, why: string): readonly DatabaseFacts[] {
    return this.servers.slice(1).map((server) => server.endpoint(Site.of(who)).reachedBy(who, why));
  }

  expects(by: Construct, clients: Clients): void {
    const [primary, replica] = this.connections(Site.of(by));
    if (clients.reads !== "only" || replica === undefined) primary!.count(by, clients);
    if (clients.reads !== false) replica?.count(by, clients);
  }

  expectsPooler(by: Construct, clients: Clients): void {
    for (const server of this.connections(Site.of(by))) server.count(by, clients);
  }

  private adminOf({ user, password, database = "postgres" }: ExternalAdminProps, role: string): DatabaseAdmin {
    if (user === role) {
      this.described.wrong(
        `admin.user and user are both "${user}"`,
        "give Mastodon a role of its own, which the task makes, or leave admin out",
      );
    }
    return {
      user: this.described.role("admin.user", user),
      password: password.readBy(PASSWORD_OF_EXTERNAL),
      database: this.described.word("admin.database", database),
    };
  }

  private connections(site: Site): readonly Connections[] {
    const { externalServers } = site.shared;
    const known = externalServers.get(this);
    if (known !== undefined) return known;
    const made = this.servers.map(({ name }) => {
      return new Connections(site, {
        name,
        most: this.maxConnections,
        limit: `maxConnections of ${this.path} is ${this.maxConnections}`,
        remedy: (needed) =>
          `raise its max_connections and then maxConnections to at least ${needed}, or put a PgBouncer in front or lower its ` +
          "serverConnections, or use fewer machines, processes or threads",
      });
    });
    externalServers.set(this, made);
    return made;
  }
}

/** The facts about an external database other than host and port. */
export function databaseFacts(
  described: ExternalServer,
  { name, user, tls = "verify-full", ca }: ExternalDatabaseProps,
): Pick<DatabaseFacts, "name" | "user" | "tls" | "sslmode" | "ca"> {
  const words: readonly string[] = ["disable", "require", "verify-full"];
  if (!words.includes(tls)) described.wrong(`tls is "${tls}"`, `use one of ${words.join(", ")}`);
  if (ca !== undefined && tls !== "verify-full") {
    described.wrong(
      `ca is given, but tls is "${tls}"`,
      'use "verify-full", or leave ca out: no other mode checks the certificate',
    );
  }
  return {
    name: described.word("name", name),
    user: described.role("user", user),
    tls: tls !== "disable",
    sslmode: tls,
    ca: described.certificates(ca),
  };
}
