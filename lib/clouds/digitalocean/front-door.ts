// The front door at DigitalOcean: one load balancer a route, since each of them sends all that it gets to all of its droplets.

import { Annotations, Lazy, TerraformOutput, Token } from "cdktf";
import { Construct } from "constructs";
import { wrongDomain } from "../../core/address";
import { FrontDoorSpec, MadeFrontDoor, RouteSpec } from "../../core/cloud";
import { HTTP_PORT, HTTPS_PORT } from "../../core/ports";
import { following } from "../../core/problems";
import { uncertified } from "../shared/certificate";
import { balancer } from "./balancer";
import { issuedCertificate, uploadedCertificate } from "./certificate";
import { DigitalOceanDns } from "./dns";
import { DigitalOceanNetwork } from "./network";
import { addressOf } from "../shared/terraform-address";

export class DigitalOceanFrontDoor implements MadeFrontDoor {
  readonly sources: readonly string[];
  private readonly byHand: Record<string, Readonly<Record<string, string>>> = {};
  private readonly addresses = new Map<string, { readonly ipv4: string; readonly encrypted: boolean }>();
  private uploaded: string | undefined;

  constructor(
    private readonly scope: Construct,
    private readonly network: DigitalOceanNetwork,
    private readonly spec: FrontDoorSpec,
  ) {
    // Load balancers take whatever address of the VPC is free. The firewall at DigitalOcean knows which they are.
    this.sources = [network.cidr];
    const { dns } = network.settings.props;
    if (dns instanceof DigitalOceanDns) network.problems.add(scope, wrongDomain("zone of digitalOceanDns", dns.zone));
    if (dns !== undefined) return;
    const output = new TerraformOutput(network.scope, "DnsRecords", {
      description: "The DNS records to make by hand: the addresses of each host name.",
      value: Lazy.anyValue({ produce: () => this.byHand }),
    });
    output.overrideLogicalId(this.outputName);
  }

  route(_id: string, { host, check, port, pool, clients = 0 }: RouteSpec): void {
    const { network, scope } = this;
    const { settings } = network;
    network.problems.add(scope, settings.tooMany(host, clients));
    // By the host name alone, so that a pool under another name gets the balancer, its addresses and the certificate as they are.
    const at = host.replaceAll(".", "-");
    const certificate = this.certificate(host);
    const target = { targetProtocol: "http", targetPort: port };
    const plain = { entryProtocol: "http", entryPort: HTTP_PORT, ...target };
    const encrypted = { entryProtocol: "https", entryPort: HTTPS_PORT, certificateName: certificate!, ...target };
    const tag = network.routeTag(at);
    const made = balancer(scope, at, network, {
      name: at,
      tag: tag.name,
      check,
      nodes: settings.nodesFor(clients),
      open: true,
      rules: certificate === undefined ? [plain] : [plain, encrypted],
      tune: (config) => {
        const whole = {
          ...config,
          // DigitalOcean would make records of its own for each name of a certificate, beside those below.
          ...(certificate !== undefined && { redirectHttpToHttps: true, disableLetsEncryptDnsRecords: true }),
        };
        return settings.tune.loadBalancer?.(whole, { host }) ?? whole;
      },
    });
    network.addDoor({ pool: pool.name, balancer: `\${${addressOf(made)}.id}`, port: check.port, tag, internal: false });
    const records = { A: made.ip, ...(settings.ipv6 && { AAAA: made.ipv6 }) };
    for (const [type, address] of Object.entries(records) as ["A" | "AAAA", string][])
      settings.props.dns?.record(scope, `${at}${type}`, { host, type, values: [address] });
    this.byHand[host] = records;
    this.addresses.set(host, { ipv4: made.ip, encrypted: certificate !== undefined });
  }

  visit(host: string): readonly string[] {
    const { ipv4, encrypted } = this.addresses.get(host)!;
    const [url, port] = encrypted ? [`https://${host}/`, HTTPS_PORT] : [`http://${host}/`, HTTP_PORT];
    const ask = `  curl -i --resolve ${host}:${port}:${ipv4} ${url}`;
    if (!encrypted) return [url, "It speaks no TLS, for a proxy before it that has a certificate. Try it by", ask];
    if (this.network.settings.props.dns !== undefined) return [url, "Until DNS everywhere knows it, within minutes:", ask];
    return [url, `Until you have made the records of the output ${this.outputName}:`, ask];
  }

  private get outputName(): string {
    return `${this.network.site.replaceAll("-", "_")}_dns_records`;
  }

  /** The name of the certificate, by which a load balancer finds it: its number changes whenever it is renewed. */
  private certificate(host: string): string | undefined {
    const { dns, certificate } = this.network.settings.props;
    if (certificate !== undefined) {
      this.network.problems.add(this.scope, following(host, uncertified(certificate.certificate, host)));
      if (this.uploaded === undefined && Token.isUnresolved(certificate.certificate)) this.uncompared();
      return (this.uploaded ??= uploadedCertificate(this.scope, this.network, certificate));
    }
    if (!(dns instanceof DigitalOceanDns)) return undefined;
    if (!dns.holds(host)) {
      this.network.problems.add(this.scope, {
        wrong: `the host name ${host} is not in the zone ${dns.zone} of digitalOceanDns`,
        remedy: `name a zone that holds ${this.spec.domain} and every other host name, or give another dns`,
        within: `${host} ${dns.zone}`,
        cause: `the zone ${dns.zone}`,
      });
    }
    return issuedCertificate(this.scope, this.network, host);
  }

  /** Says that nobody has compared the certificate with the host names. */
  private uncompared(): void {
    Annotations.of(this.scope).addInfo(
      "The certificate is known to Terraform only, so it is not checked here whether it covers the host names of the front door: " +
        "the output of DNS records, or the page's routes, name them. Give its text on the page to have that checked; only the key is secret.",
    );
  }
}
