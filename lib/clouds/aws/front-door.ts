// The front door at AWS: one application load balancer, which tells routes apart by their host names.

import { LbListenerCertificate } from "@cdktf/provider-aws/lib/lb-listener-certificate";
import { LbListenerRule } from "@cdktf/provider-aws/lib/lb-listener-rule";
import { Lb } from "@cdktf/provider-aws/lib/lb";
import { LbListener } from "@cdktf/provider-aws/lib/lb-listener";
import { Lazy, TerraformOutput, Token } from "cdktf";
import { Construct } from "constructs";
import { wrongDomain } from "../../core/address";
import { FrontDoorSpec, MadeFrontDoor, RouteSpec } from "../../core/cloud";
import { isApex } from "../../core/dns";
import { HTTPS_PORT } from "../../core/ports";
import { Problem } from "../../core/problems";
import { addressOf } from "../shared/terraform-address";
import { issuedCertificate, uncertifiable } from "./certificate";
import { FURTHER_CERTIFICATES, ROUTED_HOST_LENGTH, ROUTES_OF_A_BALANCER } from "./limits";
import { listeners, loadBalancer } from "./load-balancer";
import type { AwsNetwork } from "./network";
import { Route53Dns } from "./route53";
import { targetGroup } from "./target-group";

export { IDLE_SECONDS } from "./load-balancer";

export class AwsFrontDoor implements MadeFrontDoor {
  readonly sources: readonly string[];
  private readonly balancer: Lb;
  private readonly listener: LbListener;
  private readonly hosts: string[] = [];
  /** The certificates of the page's own, if it names any. */
  private readonly given: readonly string[];
  /** The zone in which the page has AWS validate certificates, if it names none. */
  private readonly issuing: Route53Dns | undefined;

  constructor(
    private readonly scope: Construct,
    private readonly network: AwsNetwork,
    private readonly spec: FrontDoorSpec,
  ) {
    const { dns, certificateArn = [], webAclArn } = network.settings.props;
    this.sources = network.vpc.publicRanges;
    this.given = typeof certificateArn === "string" ? [certificateArn] : certificateArn;
    this.issuing = this.given.length === 0 && dns instanceof Route53Dns ? dns : undefined;
    if (dns instanceof Route53Dns) network.problems.add(scope, wrongDomain("zone of route53", dns.zone));
    for (const arn of this.given) network.problems.add(scope, this.wrongArn("certificateArn", arn, "acm", "certificate/"));
    if (webAclArn !== undefined) network.problems.add(scope, this.wrongArn("webAclArn", webAclArn, "wafv2", "regional/webacl/"));
    this.balancer = loadBalancer(scope, network);
    this.listener = listeners(scope, network, this.balancer, this.defaultCertificate());
    this.given.slice(1).forEach((arn, n) => this.attach(`Certificate-${n + 2}`, arn));
    network.problems.atSynth(() => this.count());
    if (dns !== undefined) return;
    const output = new TerraformOutput(network.scope, "DnsRecords", {
      description:
        "The DNS records to make by hand: each host name leads to the load balancer's name. The apex of a domain needs an ALIAS, which others call ANAME or flattened CNAME.",
      value: Lazy.anyValue({ produce: () => this.byHand() }),
    });
    output.overrideLogicalId(this.outputName);
  }

  route(_id: string, route: RouteSpec): void {
    const { network, scope } = this;
    const { host, pool, port } = route;
    // By the host name alone: a pool under another name gets the target group and the rule as they are.
    const at = host.replaceAll(".", "-");
    if (host.length > ROUTED_HOST_LENGTH) {
      network.problems.add(scope, {
        wrong: `the host name ${host} has ${host.length} characters`,
        remedy: `use one of at most ${ROUTED_HOST_LENGTH}, which is what rules of AWS' load balancers take`,
      });
    }
    const targets = targetGroup(scope, at, network, route);
    const arn = `\${${addressOf(targets)}.arn}`;
    // Without a priority of its own: host names exclude each other, so their order does not matter, and the provider takes the next free one.
    const rule = new LbListenerRule(scope, `Rule-${at}`, {
      listenerArn: `\${${addressOf(this.listener)}.arn}`,
      condition: [{ hostHeader: { values: [host] } }],
      action: [{ type: "forward", targetGroupArn: arn }],
      tags: network.tags(at),
    });
    network.addTarget({ pool: pool.name, arn, port, rule });
    this.hosts.push(host);
    if (this.issuing !== undefined && host !== this.spec.domain)
      this.attach(`Certificate-${at}-Attached`, this.issued(host, this.issuing));
    this.record(host, at);
  }

  visit(host: string): readonly string[] {
    const url = `https://${host}/`;
    const ask = `  curl -i --connect-to ${host}:${HTTPS_PORT}:${this.name}:${HTTPS_PORT} ${url}`;
    if (this.network.settings.props.dns !== undefined) return [url, "Until DNS everywhere knows it, within minutes:", ask];
    return [url, `Until you have made the records of the output ${this.outputName}:`, ask];
  }

  /** The name that AWS gives it, under which it has addresses of both families. */
  private get name(): string {
    return `\${${addressOf(this.balancer)}.dns_name}`;
  }

  private get outputName(): string {
    return `${this.network.site.replaceAll("-", "_")}_dns_records`;
  }

  /** The certificate for clients that name no host. */
  private defaultCertificate(): string {
    const [first] = this.given;
    if (first !== undefined) return first;
    if (this.issuing !== undefined) return this.issued(this.spec.domain, this.issuing);
    this.network.problems.add(this.scope, {
      wrong: "the front door at AWS has no certificate",
      remedy:
        "give dns: route53({ zone }), by which the page makes one for each host name, or certificateArn of one that covers all of them; " +
        "Certificate makes it in a step before",
    });
    return "none";
  }

  private issued(host: string, dns: Route53Dns): string {
    this.network.problems.add(this.scope, uncertifiable(host));
    if (host === this.spec.domain) this.belongs(host, dns);
    return issuedCertificate(this.scope, dns, { host, tags: this.network.tags(host) });
  }

  private attach(id: string, certificateArn: string): void {
    new LbListenerCertificate(this.scope, id, { listenerArn: `\${${addressOf(this.listener)}.arn}`, certificateArn });
  }

  private record(host: string, at: string): void {
    const { dns } = this.network.settings.props;
    if (dns === undefined) return;
    if (dns instanceof Route53Dns) this.belongs(host, dns);
    const id = `Record-${at}`;
    if (dns.aliases === true) {
      const aliasZone = `\${${addressOf(this.balancer)}.zone_id}`;
      dns.record(this.scope, id, { host, type: "ALIAS", values: [this.name], aliasZone });
      return;
    }
    if (isApex(host, dns)) {
      this.network.problems.add(this.scope, {
        wrong: `the host name ${host} is the apex of a domain, where no CNAME can stand, and AWS' load balancers have a name but no fixed address`,
        remedy:
          "use a dns that makes aliases, such as route53, or a host name below it, or leave dns out and make the record by hand",
        within: host,
      });
      return;
    }
    // With a dot: it lies outside the zone.
    dns.record(this.scope, id, { host, type: "CNAME", values: [`${this.name}.`] });
  }

  /** Refuses a host name outside the zone, of which the provider would make another name inside. */
  private belongs(host: string, dns: Route53Dns): void {
    if (dns.holds(host)) return;
    this.network.problems.add(this.scope, {
      wrong: `the host name ${host} is not in the zone ${dns.zone} of route53`,
      remedy: `name a zone that holds ${this.spec.domain} and every other host name, or give another dns`,
      within: `${host} ${dns.zone}`,
      cause: `the zone ${dns.zone}`,
    });
  }

  private byHand(): Readonly<Record<string, Readonly<Record<string, string>>>> {
    return Object.fromEntries(this.hosts.map((host) => [host, { [isApex(host) ? "ALIAS" : "CNAME"]: this.name }]));
  }

  private wrongArn(prop: string, arn: string, service: string, kind: string): Problem | undefined {
    const { region } = this.network.settings;
    if (Token.isUnresolved(arn)) return undefined;
    if (new RegExp(`^arn:aws[a-z-]*:${service}:${region}:\\d{12}:${kind}.`).test(arn)) return undefined;
    return {
      wrong: `${prop} is "${arn}"`,
      value: arn,
      remedy: `give the ARN of one in ${region}, such as arn:aws:${service}:${region}:123456789012:${kind}…`,
    };
  }

  private count(): void {
    const { problems } = this.network;
    const further = this.issuing === undefined ? this.given.length - 1 : new Set([...this.hosts, this.spec.domain]).size - 1;
    if (further > FURTHER_CERTIFICATES) {
      problems.add(this.scope, {
        wrong: `the front door has ${further + 1} certificates, and AWS lets a load balancer have ${FURTHER_CERTIFICATES + 1}`,
        remedy: "give certificateArn of one that covers several host names",
      });
    }
    if (this.hosts.length > ROUTES_OF_A_BALANCER) {
      problems.add(this.scope, {
        wrong: `the front door has ${this.hosts.length} routes, and AWS lets a load balancer have ${ROUTES_OF_A_BALANCER} target groups`,
        remedy: "use fewer host names",
      });
    }
  }
}
