// The front door at Hetzner: one load balancer for each route, since all services of a load balancer share its targets.

import { LoadBalancerService } from "@cdktf/provider-hcloud/lib/load-balancer-service";
import { ManagedCertificate } from "@cdktf/provider-hcloud/lib/managed-certificate";
import { UploadedCertificate } from "@cdktf/provider-hcloud/lib/uploaded-certificate";
import { Annotations, Fn, Lazy, TerraformLocal, TerraformOutput, Token } from "cdktf";
import { Construct } from "constructs";
import { FrontDoorSpec, MadeFrontDoor, RouteSpec } from "../../core/cloud";
import { wrongDomain } from "../../core/address";
import { HEALTH_TIMEOUT_SECONDS } from "../../core/limits";
import { shortened } from "../../core/names";
import { HTTP_PORT, HTTPS_PORT } from "../../core/ports";
import { following } from "../../core/problems";
import { terraformText } from "../../core/render/terraform-text";
import { balancer } from "./balancer";
import { uncertified } from "../shared/certificate";
import { HetznerDns } from "./dns";
import { NAME_LENGTH } from "./limits";
import { HetznerNetwork } from "./network";

/** After how many seconds without traffic a connection is closed; the most that Hetzner allows. */
export const IDLE_SECONDS = 300;

export class HetznerFrontDoor implements MadeFrontDoor {
  readonly sources: readonly string[];
  private readonly byHand: Record<string, { readonly A: string; readonly AAAA: string }> = {};
  private readonly addresses = new Map<string, { readonly ipv4: string; readonly encrypted: boolean }>();
  private uploaded: number | undefined;

  constructor(
    private readonly scope: Construct,
    private readonly network: HetznerNetwork,
    private readonly spec: FrontDoorSpec,
  ) {
    this.sources = [network.balancers];
    const { dns } = network.settings.props;
    if (dns instanceof HetznerDns) network.problems.add(scope, wrongDomain("zone of hetznerDns", dns.zone));
    if (network.settings.props.dns !== undefined) return;
    const output = new TerraformOutput(network.scope, "DnsRecords", {
      description: "The DNS records to make by hand: the addresses of each host name.",
      value: Lazy.anyValue({ produce: () => this.byHand }),
    });
    output.overrideLogicalId(`${network.site.replaceAll("-", "_")}_dns_records`);
  }

  route(_id: string, route: RouteSpec): void {
    const { network, scope } = this;
    const { tune } = network.settings;
    const { host, check, port, pool, clients = 0 } = route;
    // Named after the host only, so that load balancer, addresses and certificate stay the same when the pool is renamed.
    const at = host.replaceAll(".", "-");
    const made = balancer(scope, at, network, {
      name: at,
      pools: [pool.name],
      clients,
      open: true,
      tune: (config) => tune.loadBalancer?.(config, { host }) ?? config,
    });
    const certificate = this.certificate(host);
    const config = {
      loadBalancerId: made.balancer.id,
      destinationPort: port,
      healthCheck: {
        protocol: "http",
        port: check.port,
        interval: 5,
        timeout: HEALTH_TIMEOUT_SECONDS,
        retries: 2,
        // Without status codes every plan shows a change.
        http: { domain: host, path: check.path, statusCodes: [String(check.status)], tls: false },
      },
      ...(certificate === undefined
        ? { protocol: "http", listenPort: HTTP_PORT, http: { timeoutIdle: IDLE_SECONDS } }
        : {
            protocol: "https",
            listenPort: HTTPS_PORT,
            // The redirect uses port 80.
            http: { certificates: [certificate], redirectHttp: true, timeoutIdle: IDLE_SECONDS },
          }),
    };
    const service = new LoadBalancerService(scope, `${at}Service`, tune.service?.(config, { host }) ?? config);
    network.addDoor({
      pool: pool.name,
      balancer: made.balancer.id,
      port: config.listenPort,
      needs: [service.id, ...made.targets.map((target) => target.id)],
    });
    const { ipv4, ipv6 } = made.balancer;
    const { dns } = network.settings.props;
    dns?.record(scope, `${at}A`, { host, type: "A", values: [ipv4] });
    dns?.record(scope, `${at}AAAA`, { host, type: "AAAA", values: [ipv6] });
    this.byHand[host] = { A: ipv4, AAAA: ipv6 };
    this.addresses.set(host, { ipv4, encrypted: certificate !== undefined });
  }

  visit(host: string): readonly string[] {
    const { ipv4, encrypted } = this.addresses.get(host)!;
    const [url, port] = encrypted ? [`https://${host}/`, HTTPS_PORT] : [`http://${host}/`, HTTP_PORT];
    const ask = `  curl -i --resolve ${host}:${port}:${ipv4} ${url}`;
    if (!encrypted) return [url, "It speaks no TLS, for a proxy before it that has a certificate. Try it by", ask];
    if (this.network.settings.props.dns !== undefined) return [url, "Until DNS everywhere knows it, within minutes:", ask];
    const records = `${this.network.site.replaceAll("-", "_")}_dns_records`;
    return [url, `Until you have made the records of the output ${records}:`, ask];
  }

  private certificate(host: string): number | undefined {
    const { dns, certificate } = this.network.settings.props;
    if (certificate !== undefined) {
      this.network.problems.add(this.scope, following(host, uncertified(certificate.certificate, host)));
      if (this.uploaded === undefined && Token.isUnresolved(certificate.certificate)) this.uncompared();
      return (this.uploaded ??= this.upload(certificate.certificate, certificate.privateKey));
    }
    if (!(dns instanceof HetznerDns)) return undefined;
    if (!dns.holds(host)) {
      this.network.problems.add(this.scope, {
        wrong: `the host name ${host} is not in the zone ${dns.zone} of hetznerDns`,
        remedy: `name a zone that holds ${this.spec.domain} and every other host name, or give another dns`,
        within: `${host} ${dns.zone}`,
        cause: `the zone ${dns.zone}`,
      });
    }
    // One certificate for each host name. If one could not be issued it is not in use, so Terraform can delete it before the next attempt.
    const made = new ManagedCertificate(this.scope, `Certificate-${host.replaceAll(".", "-")}`, {
      name: shortened(`${this.network.site}-${host.replaceAll(".", "-")}`, NAME_LENGTH),
      domainNames: [host],
      labels: { site: this.network.site },
    });
    return Token.asNumber(made.id);
  }

  /** Adds a note to the plan that the certificate was not checked against the host names. */
  private uncompared(): void {
    Annotations.of(this.scope).addInfo(
      "The certificate is known to Terraform only, so it is not checked here whether it covers the host names of the front door: " +
        "the output of DNS records, or the page's routes, name them. Give its text on the page to have that checked; only the key is secret.",
    );
  }

  private upload(certificate: string, privateKey: string): number {
    const text = new TerraformLocal(this.scope, "CertificateText", terraformText(certificate)).asString;
    const key = new TerraformLocal(this.scope, "PrivateKeyText", terraformText(privateKey)).asString;
    const hash = Fn.nonsensitive(Fn.sensitive(Fn.sha256(Fn.join("", [text, key])))) as string;
    const made = new UploadedCertificate(this.scope, "Certificate", {
      name: `${this.network.site}-${Fn.substr(hash, 0, 8)}`,
      certificate: text,
      privateKey: key,
      labels: { site: this.network.site },
      lifecycle: { createBeforeDestroy: true },
    });
    return Token.asNumber(made.id);
  }
}
