// Host names in a zone that stands at DigitalOcean: `digitalocean({ region: "fra1", dns: digitalOceanDns({ zone: "social.example" }) })`.
// The zone exists before the page: Let's Encrypt gives no certificate until the registrar leads to DigitalOcean's name servers.

import { Record as ZoneRecord } from "@cdktf/provider-digitalocean/lib/record";
import { Construct } from "constructs";
import { Dns, DnsRecord } from "../../core/dns";

export interface DigitalOceanDnsProps {
  /** The zone's name, such as `social.example`; it holds the site's domain and all other host names of the front door. */
  readonly zone: string;
  /**
   * How long others may remember a record, in seconds, from 30.
   * @default 300
   */
  readonly ttl?: number;
}

/** A zone at DigitalOcean. Its records cost nothing; the front door gets its certificates by it, and machines find each other in it. */
export function digitalOceanDns(props: DigitalOceanDnsProps): Dns {
  return new DigitalOceanDns(props);
}

export class DigitalOceanDns implements Dns {
  constructor(readonly props: DigitalOceanDnsProps) {}

  get zone(): string {
    return this.props.zone;
  }

  /** Whether a host name lies in the zone. */
  holds(host: string): boolean {
    return host === this.zone || host.endsWith(`.${this.zone}`);
  }

  record(scope: Construct, id: string, { host, type, values }: DnsRecord): void {
    values.forEach((value, n) => {
      new ZoneRecord(scope, n === 0 ? id : `${id}${n + 1}`, {
        domain: this.zone,
        type,
        name: host === this.zone ? "@" : host.slice(0, -this.zone.length - 1),
        // Without, the provider warns of each record.
        ttl: this.props.ttl ?? 300,
        ...content(type, value),
      });
    });
  }
}

/** The parts of a value, which DigitalOcean takes one by one. Names end with a dot there. */
function content(type: DnsRecord["type"], value: string) {
  const whole = (name: string) => (name.endsWith(".") ? name : `${name}.`);
  const [first = "", second = "", ...rest] = value.split(" ");
  if (type === "CNAME") return { value: whole(value) };
  if (type === "MX") return { priority: Number(first), value: whole(second) };
  if (type === "CAA") return { flags: Number(first), tag: second, value: whole(rest.join(" ").replaceAll('"', "")) };
  return { value };
}
