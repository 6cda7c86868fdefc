import { TerraformStack } from "cdktf";
import { type Cloud, PgBouncer, Postgres, Redis, Site, StreamingPool } from "cdktf-mastodon";
import { Construct } from "constructs";

export interface StreamingProps {
  readonly cloud: Cloud;
  readonly machines: number;
}

export class Streaming extends TerraformStack {
  constructor(scope: Construct, id: string, { cloud, machines }: StreamingProps) {
    super(scope, id);
    const site = new Site(this, "Social", { cloud, domain: "social.example", version: "4.7.6" });
    const server = { name: "mastodon", user: "mastodon", tls: "require" } as const;
    const direct = Postgres.external({ ...server, host: "10.1.0.5" });
    const database = PgBouncer.external({ ...server, host: "10.1.0.4", direct, maxClients: 500 });
    const redis = Redis.external({ host: "10.1.0.6" });
    new StreamingPool(site, "Streaming", { host: "live.social.example", machines, database, redis });
  }
}
