// Host names in a hosted zone of Route 53: `aws({ region: "eu-central-1", dns: route53({ zone: "social.example" }) })`.
// The zone exists before the page: AWS issues no certificate until the registrar leads to the zone's name servers.

import { DataAwsRoute53Zone } from "@cdktf/provider-aws/lib/data-aws-route53-zone";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { TerraformStack, Token } from "cdktf";
import { Construct } from "constructs";
import { Dns, DnsRecord } from "../../core/dns";
import { terraformText } from "../../core/render/terraform-text";

export interface Route53Props {
  /** The zone's name, such as `social.example`; it holds the site's domain and all other host names of the front door. */
  readonly zone: string;
  /**
   * The zone's id, such as `Z0123456789ABCDEFGHIJ`. Give it if the account has several public zones of that name.
   * @default - the public zone with the name
   * @throws when the plan is made, if there is no such zone
   */
  readonly zoneId?: string;
  /**
   * How long others may remember a record, in seconds. Records that lead to a load balancer have AWS' own 60 seconds.
   * @default 300
   */
  readonly ttl?: number;
}

/**
 * A public hosted zone of Route 53, which costs about 0.50 USD a month; requests for names that lead to a load balancer are free. The front door gets its
 * certificates by it. If the zone has CAA records, they must allow `amazon.com`. On a page of another cloud the stack needs an `AwsProvider`.
 */
export function route53(props: Route53Props): Dns {
  return new Route53Dns(props);
}

export class Route53Dns implements Dns {
  readonly aliases = true;

  constructor(readonly props: Route53Props) {}

  get zone(): string {
    return this.props.zone;
  }

  /** Whether a host name lies in the zone. */
  holds(host: string): boolean {
    return host === this.zone || host.endsWith(`.${this.zone}`);
  }

  /** The zone's id, as an expression; the zone is looked up once a stack. */
  zoneId(scope: Construct): string {
    if (this.props.zoneId !== undefined) return this.props.zoneId;
    const stack = TerraformStack.of(scope);
    const id = `Zone-${this.zone.replaceAll(".", "-")}`;
    const known = stack.node.tryFindChild(id) as DataAwsRoute53Zone | undefined;
    return (known ?? new DataAwsRoute53Zone(stack, id, { name: this.zone, privateZone: false })).zoneId;
  }

  record(scope: Construct, id: string, { host, type, values, aliasZone }: DnsRecord): void {
    const zoneId = this.zoneId(scope);
    if (type !== "ALIAS") {
      const records = values.map((value) => (type === "TXT" ? quoted(value) : terraformText(value)));
      new Route53Record(scope, id, { zoneId, name: host, type, ttl: this.props.ttl ?? 300, records });
      return;
    }
    // There is no other to answer with while the target is ill, so its health is not asked for.
    const alias = { name: values[0]!, zoneId: aliasZone ?? zoneId, evaluateTargetHealth: false };
    for (const family of ["A", "AAAA"]) new Route53Record(scope, `${id}-${family}`, { zoneId, name: host, type: family, alias });
  }
}

/** The longest string of a text, by the protocol; longer texts have several, which readers join. */
const STRING_LENGTH = 255;

/** A text as the provider takes it: it puts the outer quotes around, and leaves those between strings to us. */
function quoted(text: string): string {
  if (Token.isUnresolved(text)) return text;
  const strings = text.match(new RegExp(`.{1,${STRING_LENGTH}}`, "gs")) ?? [];
  return terraformText(strings.map((one) => one.replace(/["\\]/g, "\\$&")).join('" "'));
}
