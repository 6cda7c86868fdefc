// Host names in a DNS zone at Hetzner: `hetzner({ location: "fsn1", dns: hetznerDns({ zone: "social.example" }) })`.
// The page does not make the zone: Hetzner issues no certificate until the registrar delegates to it.

import { ZoneRrset } from "@cdktf/provider-hcloud/lib/zone-rrset";
import { Construct } from "constructs";
import { Dns, DnsRecord } from "../../core/dns";

export interface HetznerDnsProps {
  /** The zone's name, such as `social.example`; it holds the site's domain and all other host names of the front door. */
  readonly zone: string;
  /**
   * The TTL of records in seconds.
   * @default 300
   */
  readonly ttl?: number;
}

/** A DNS zone at Hetzner. Records are free, and Hetzner can issue certificates for the front door. */
export function hetznerDns(props: HetznerDnsProps): Dns {
  return new HetznerDns(props);
}

export class HetznerDns implements Dns {
  constructor(private readonly props: HetznerDnsProps) {}

  get zone(): string {
    return this.props.zone;
  }

  /** Whether a host name belongs to the zone. */
  holds(host: string): boolean {
    return host === this.zone || host.endsWith(`.${this.zone}`);
  }

  record(scope: Construct, id: string, record: DnsRecord): void {
    new ZoneRrset(scope, id, {
      zone: this.zone,
      name: record.host === this.zone ? "@" : record.host.slice(0, -this.zone.length - 1),
      type: record.type,
      ttl: this.props.ttl ?? 300,
      // Hetzner requires quotes around TXT values.
      records: record.values.map((value) => ({ value: record.type === "TXT" ? JSON.stringify(value) : value })),
    });
  }
}
