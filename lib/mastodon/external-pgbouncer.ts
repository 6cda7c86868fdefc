// An external PgBouncer: `PgBouncer.external({ host: "pool.example.net", name: "mastodon", user: "mastodon", direct: db })`.

import { Construct } from "constructs";
import { Endpoint, External } from "../core/endpoint";
import { Host } from "../core/host";
import { Site } from "./site";
import { Clients, Connections } from "./connections";
import { Database, DatabaseFacts } from "./database";
import { databaseFacts, ExternalDatabaseProps } from "./external-postgres";
import { calledOf, ExternalServer } from "./external-server";
import { PGBOUNCER_PORT } from "./ports";
import { externalPassword, PASSWORD_OF_EXTERNAL } from "./secrets";

export interface ExternalPgBouncerProps extends ExternalDatabaseProps {
  /**
   * Its TCP port.
   * @default 6432
   */
  readonly port?: number;
  /**
   * The name of its database entry for reads from the standbys.
   * @default - none: all reads go to `name`
   */
  readonly readsName?: string;
  /** The PostgreSQL behind it. Migrations and the administrator's commands need session state, so they bypass the pooler. */
  readonly direct: Database;
  /**
   * The maximum of client connections from this page: its `max_client_conn` less those of other clients.
   * @default 100 - PgBouncer's own default
   */
  readonly maxClients?: number;
}

export class ExternalPgBouncer implements Database {
  readonly direct: Database;
  private readonly path: string;
  private readonly described: ExternalServer;
  private readonly named: External;
  private readonly facts: Omit<DatabaseFacts, "password">;
  private readonly most: number;

  constructor(private readonly props: ExternalPgBouncerProps) {
    this.direct = props.direct.direct;
    this.path = `PgBouncer.external ${calledOf(props)}`;
    this.described = new ExternalServer(this.path);
    this.most = this.described.whole("maxClients", props.maxClients ?? 100, 1, 1_000_000);
    const facts = databaseFacts(this.described, props);
    this.named = this.described.named(props, facts.sslmode === "verify-full");
    this.facts = { ...facts, host: props.host, port: this.described.port(props.port ?? PGBOUNCER_PORT), pooled: true };
    if (props.readsName !== undefined) this.described.word("readsName", props.readsName);
  }

  reachedBy(who: Host, why: string): DatabaseFacts {
    this.described.tell(Site.of(who));
    return this.entry(this.facts.name, who, why);
  }

  replicaReachedBy(who: Host, why: string): DatabaseFacts | undefined {
    return this.props.readsName === undefined ? undefined : this.entry(this.props.readsName, who, why);
  }

  expects(by: Construct, clients: Clients): void {
    const site = Site.of(by);
    const [connections = this.count(site)] = site.shared.externalServers.get(this) ?? [];
    connections.count(by, clients, clients.reads === true && this.props.readsName !== undefined ? 2 : 1);
  }

  private entry(name: string, who: Host, why: string): DatabaseFacts {
    const password =
      this.props.password?.readBy(PASSWORD_OF_EXTERNAL) ?? externalPassword(Site.of(who), "database_password", this.path);
    return Endpoint.external(this.named, this.facts.port, { ...this.facts, name, password }).reachedBy(who, why);
  }

  private count(site: Site): Connections {
    const connections = new Connections(site, {
      name: `${calledOf(this.props)}:${this.facts.port}`,
      most: this.most,
      limit: `maxClients of ${this.path} is ${this.most}`,
      remedy: (needed) =>
        `raise its max_client_conn and then maxClients to at least ${needed}, or use fewer machines, processes or threads`,
    });
    site.shared.externalServers.set(this, [connections]);
    return connections;
  }
}
