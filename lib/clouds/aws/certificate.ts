// Certificates of AWS Certificate Manager. Where somebody else has the DNS they are a step before the page, in a stack of its own:
// `new Certificate(stack, "Certificate", { region: "eu-central-1", hosts: ["social.example", "streaming.social.example"] })`.
//
// Each host name has a certificate of its own, since AWS cannot change one: one more name would replace a common certificate and its records.

import { AcmCertificate } from "@cdktf/provider-aws/lib/acm-certificate";
import { AcmCertificateValidation } from "@cdktf/provider-aws/lib/acm-certificate-validation";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { TerraformOutput } from "cdktf";
import { Construct } from "constructs";
import { wrongDomain } from "../../core/address";
import { Problem, Problems } from "../../core/problems";
import { addressOf } from "../shared/terraform-address";
import { CERTIFIED_HOST_LENGTH } from "./limits";
import { provider } from "./provider";
import { Route53Dns } from "./route53";

export interface CertificateProps {
  /** The region of the load balancer, or `us-east-1` for CloudFront. A change makes new certificates. */
  readonly region: string;
  /**
   * The host names, each once; `*.social.example` stands for all one level below. Another one changes nothing of those that there are.
   * @throws at synth if one is no host name, or has more than 64 characters
   */
  readonly hosts: readonly string[];
}

/**
 * Certificates whose records somebody else's DNS gets. Deploy this stack first, make the records of the output `certificate_records` (type CNAME) and keep
 * them, since AWS asks for them at each renewal. When AWS has issued the certificates, within some minutes, give those of the output
 * `certificate_arns` to the page as `certificateArn`. One apply cannot do both: it would wait for records before it has printed them. A certificate
 * can be destroyed only after the page that uses it.
 */
export class Certificate extends Construct {
  /** The ARNs of the certificates, in the order of `hosts`. */
  readonly arns: readonly string[];

  constructor(scope: Construct, id: string, { region, hosts }: CertificateProps) {
    super(scope, id);
    provider(this, region);
    const problems = new Problems(this);
    for (const host of hosts) {
      problems.add(this, wrongDomain("a host name of a Certificate", host.replace(/^\*\./, "")));
      problems.add(this, uncertifiable(host));
    }
    const tags = (host: string) => ({ Name: host.replace("*", "_") });
    const all = hosts.map((host) => ({ host, made: certificate(this, idOf(host), { host, region, tags: tags(host) }) }));
    this.arns = all.map(({ made }) => made.arn);
    this.output("certificate_arns", "The ARNs of the certificates, for certificateArn.", (made) => made.arn, all);
    const record = (made: AcmCertificate) => ({ name: option(made, "name"), type: "CNAME", value: option(made, "value") });
    this.output("certificate_records", "The DNS records by which AWS issues and renews the certificates.", record, all);
  }

  private output(
    name: string,
    description: string,
    of: (made: AcmCertificate) => unknown,
    all: readonly { readonly host: string; readonly made: AcmCertificate }[],
  ): void {
    const value = Object.fromEntries(all.map(({ host, made }) => [host, of(made)]));
    new TerraformOutput(this, name, { description, value }).overrideLogicalId(name);
  }
}

export interface CertificateOf {
  readonly host: string;
  readonly tags: Readonly<Record<string, string>>;
  /** @default - the provider's */
  readonly region?: string;
}

/** A certificate that AWS issues when it finds its record in Route 53; returns its ARN, which is known when it is issued. */
export function issuedCertificate(scope: Construct, dns: Route53Dns, of: CertificateOf): string {
  const { host, region } = of;
  const made = certificate(scope, idOf(host), of);
  const record = new Route53Record(scope, `${idOf(host)}-Record`, {
    zoneId: dns.zoneId(scope),
    name: option(made, "name"),
    type: "CNAME",
    ttl: 60,
    records: [option(made, "value")],
    // All certificates of an account for one host name have the same record, in whatever region they are.
    allowOverwrite: true,
  });
  return new AcmCertificateValidation(scope, `${idOf(host)}-Issued`, {
    certificateArn: made.arn,
    validationRecordFqdns: [record.fqdn],
    ...(region !== undefined && { region }),
    // It takes minutes, or does not happen: if the registrar leads to other name servers, the default would tell after 75 minutes.
    timeouts: { create: "30m" },
  }).certificateArn;
}

/** What keeps AWS from issuing a certificate of a host name's own. */
export function uncertifiable(host: string): Problem | undefined {
  if (host.length <= CERTIFIED_HOST_LENGTH) return undefined;
  return {
    wrong: `the host name ${host} has ${host.length} characters`,
    remedy: `AWS Certificate Manager issues certificates for up to ${CERTIFIED_HOST_LENGTH}: use a shorter one, or give certificateArn`,
  };
}

function certificate(scope: Construct, id: string, { host, tags, region }: CertificateOf): AcmCertificate {
  return new AcmCertificate(scope, id, {
    domainName: host,
    validationMethod: "DNS",
    tags,
    ...(region !== undefined && { region }),
    // One in use cannot be deleted.
    lifecycle: { createBeforeDestroy: true },
  });
}

/** A part of the record by which AWS validates the certificate. They are a set, which for one host name has one member. */
function option(made: AcmCertificate, part: "name" | "value"): string {
  return `\${one(${addressOf(made)}.domain_validation_options).resource_record_${part}}`;
}

function idOf(host: string): string {
  return `Certificate-${host.replaceAll(".", "-").replace("*", "_")}`;
}
