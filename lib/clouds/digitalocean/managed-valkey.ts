// A Valkey that DigitalOcean runs, which is Redis to Mastodon: `Redis.external(managedValkey(site, "Jobs", { use: "sidekiq", size: "db-s-1vcpu-2gb" }))`.
// Whoever calls it finds the machine that is master at one address, so no sentinel watches. Its password stands in Terraform's state.

import { Construct } from "constructs";
import { Installation } from "../../core/installation";
import { Managed } from "../../core/managed";
import { Secret } from "../../core/secret";
import { cluster, ManagedProps, placeOf } from "./managed";

export type ValkeyUse = keyof typeof EVICTION;

export interface ManagedValkeyProps extends ManagedProps {
  /**
   * What it holds, as of a `Redis` of the page: `main` for feeds and pub/sub, `sidekiq` for jobs, `cache`. Only the cache gives up old keys when its
   * memory is full. A change takes effect at once.
   * @default "main"
   */
  readonly use?: ValkeyUse;
  /**
   * Valkey's major version. A later one is taken in place.
   * @default "8"
   */
  readonly version?: string;
  /**
   * Who signed its certificate: the cluster's own authority, which machines then trust beside the public ones, or these alone. A change replaces the
   * application machines.
   * @default "cluster"
   */
  readonly authority?: "cluster" | "public";
}

/** For `Redis.external`. */
export interface ManagedValkey {
  readonly use: ValkeyUse;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret;
  readonly tls: true;
  readonly ca?: string;
  readonly managed: Managed;
}

/** A job or a feed that was given up is lost. */
const EVICTION = { main: "noeviction", sidekiq: "noeviction", cache: "allkeys_lru" } as const;
/** Where Valkey listens; DigitalOcean has no other. */
const PORT = 25061;
/** The one user that a cluster has by itself. */
const USER = "default";

export function managedValkey(scope: Construct, id: string, props: ManagedValkeyProps): ManagedValkey {
  const within = new Construct(scope, id);
  const place = placeOf(within);
  const { use = "main", authority = "cluster" } = props;
  if (!Object.hasOwn(EVICTION, use)) {
    Installation.of(within).problems.add(within, {
      wrong: `use is "${String(use)}"`,
      remedy: `use one of ${Object.keys(EVICTION).join(", ")}`,
    });
  }
  const { made, password, ca, managed } = cluster(within, place, props, {
    engine: "valkey",
    version: props.version ?? "8",
    evictionPolicy: EVICTION[use],
  });
  return {
    use,
    host: made.privateHost,
    port: PORT,
    user: USER,
    password,
    tls: true,
    ...(authority === "cluster" && { ca: ca() }),
    managed,
  };
}
