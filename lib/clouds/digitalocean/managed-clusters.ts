// All databases of a site that DigitalOcean runs, as one resource: `clusters.add(scope, "social-cache", { … }).privateHost`.
// In a resource for each, the protection of a database would be gone with the tier that has it.

import { DatabaseCluster } from "@cdktf/provider-digitalocean/lib/database-cluster";
import { Lazy, propertyAccess, Token } from "cdktf";
import { Construct } from "constructs";
import { Installation } from "../../core/installation";

export interface ClusterSettings {
  readonly engine: "pg" | "valkey";
  readonly version: string;
  readonly size: string;
  readonly nodes: number;
  readonly storageSizeMib?: number;
  readonly evictionPolicy?: string;
  readonly maintenance?: { readonly day: string; readonly hour: string };
}

/** What is computed of a cluster, as references to it alone. */
export interface MadeCluster {
  readonly id: string;
  readonly privateHost: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

export interface ClustersPlace {
  readonly region: string;
  /** The VPC's id. */
  readonly vpc: string;
  readonly protect: boolean;
}

export class ManagedClusters {
  private readonly settings = new Map<string, ClusterSettings>();
  private readonly resource: DatabaseCluster;

  /** It is made on pages without such databases too: there it refuses to delete those of the page before. */
  constructor(scope: Construct, { region, vpc, protect }: ClustersPlace) {
    this.resource = new DatabaseCluster(scope, "Databases", {
      name: "${each.key}",
      engine: "${each.value.engine}",
      version: "${each.value.version}",
      size: "${each.value.size}",
      nodeCount: Token.asNumber("${each.value.nodes}"),
      storageSizeMib: optional("storageSizeMib"),
      evictionPolicy: optional("evictionPolicy"),
      region,
      privateNetworkUuid: vpc,
      lifecycle: { preventDestroy: protect },
    });
    this.resource.addOverride("dynamic.maintenance_window", {
      for_each: "${try([each.value.maintenance], [])}",
      content: { day: "${maintenance_window.value.day}", hour: "${maintenance_window.value.hour}" },
    });
    this.resource.addOverride(
      "for_each",
      Lazy.anyValue({ produce: () => Object.fromEntries([...this.settings].sort(([a], [b]) => (a < b ? -1 : 1))) }),
    );
  }

  /** Tells of a cluster of that name. */
  add(scope: Construct, name: string, settings: ClusterSettings): MadeCluster {
    if (this.settings.has(name)) {
      Installation.of(scope).problems.add(scope, {
        wrong: `its name at DigitalOcean is ${name}, which is already used by another database of the page`,
        remedy: "give one of them another id",
      });
    }
    this.settings.set(name, settings);
    const computed = (attribute: string) => Token.asString(propertyAccess(this.resource.fqn, [name, attribute]));
    return {
      id: computed("id"),
      privateHost: computed("private_host"),
      database: computed("database"),
      user: computed("user"),
      password: computed("password"),
    };
  }
}

function optional(key: keyof ClusterSettings): string {
  return `\${lookup(each.value, "${key}", null)}`;
}
