// A domain from which Amazon SES may send mail, with the records by which receivers believe it:
// `const post = new SesDomain(stack, "Mail", { domain: "social.example", region: "eu-central-1", dns: route53({ zone: "social.example" }) })`,
// then `mail({ server: post.server, from: "Social <hello@social.example>", login, password })` with SMTP credentials from the SES console.

import { Sesv2EmailIdentity } from "@cdktf/provider-aws/lib/sesv2-email-identity";
import { Sesv2EmailIdentityMailFromAttributes } from "@cdktf/provider-aws/lib/sesv2-email-identity-mail-from-attributes";
import { Fn, TerraformOutput } from "cdktf";
import { Construct } from "constructs";
import { wrongDomain } from "../../core/address";
import { Dns, DnsRecord } from "../../core/dns";
import { hostName } from "../../core/names";
import { Problem, Problems } from "../../core/problems";
import { provider } from "./provider";
import { isRegion } from "./settings";

export interface SesDomainProps {
  /** The domain of the sender's address, the part after the `@`. A change makes another identity with other records. */
  readonly domain: string;
  /**
   * The region of SES. It need not be that of the machines. The sandbox, which a new account has to leave, is one of each region.
   * @throws at synth if it has not the form of a region's name
   */
  readonly region: string;
  /**
   * Who writes the records.
   * @default - nobody: the output `…_dns_records` says which to make
   */
  readonly dns?: Dns;
  /**
   * The domain of the return path (MAIL FROM), a subdomain of `domain` that is used for nothing else. With it receivers find the sender's own domain in SPF.
   * @default "bounces.DOMAIN"
   * @throws at synth if it is no subdomain
   */
  readonly mailFrom?: string;
  /**
   * What receivers do with mail in the name of `domain` that neither DKIM nor SPF confirms, by DMARC: `none` takes it, `quarantine` takes it for spam, `reject`
   * refuses it. Begin with `none` if the domain sends mail by other servers too. With `false` no record is made, for a domain that has one.
   * @default "none"
   */
  readonly dmarc?: "none" | "quarantine" | "reject" | false;
}

/** Easy DKIM has so many tokens, each the name of a record. */
const TOKENS = [0, 1, 2] as const;
/** Regions whose DKIM records lead to a domain of the region's own; docs.aws.amazon.com/general/latest/gr/ses.html under DKIM domains. */
const OWN_DKIM: readonly string[] = [
  "af-south-1",
  "ap-northeast-3",
  "ap-south-2",
  "ap-southeast-3",
  "ap-southeast-5",
  "ca-west-1",
  "eu-central-2",
  "eu-south-1",
  "il-central-1",
  "me-central-1",
  "us-gov-east-1",
];
const POLICIES: readonly unknown[] = ["none", "quarantine", "reject", false];

/**
 * The identity, DKIM with keys of 2048 bits that SES keeps and changes, the return path, and their records. It has no secret: SMTP credentials are made in the
 * console. The stack can be the site's, or one of its own that is there before.
 */
export class SesDomain extends Construct {
  /** The SMTP server; port 587 with STARTTLS, which is the default of `mail`. */
  readonly server: string;

  constructor(scope: Construct, id: string, props: SesDomainProps) {
    super(scope, id);
    const { domain, region, dns, mailFrom = `bounces.${domain}`, dmarc = "none" } = props;
    const problems = new Problems(this);
    const wrong = wrongDomain("domain", domain);
    for (const problem of [wrong, wrongRegion(region), wrongDmarc(dmarc)]) problems.add(this, problem);
    if (wrong === undefined) problems.add(this, wrongDomain("mailFrom", mailFrom) ?? wrongMailFrom(mailFrom, domain));
    provider(this, region);
    this.server = `email-smtp.${region}.amazonaws.com`;
    const identity = new Sesv2EmailIdentity(this, "Identity", {
      emailIdentity: domain,
      region,
      dkimSigningAttributes: { nextSigningKeyLength: "RSA_2048_BIT" },
      tags: { Name: domain },
    });
    new Sesv2EmailIdentityMailFromAttributes(this, "MailFrom", {
      emailIdentity: identity.emailIdentity,
      region,
      mailFromDomain: mailFrom,
      // Mail goes out under a domain of SES' own until the record is known.
      behaviorOnMxFailure: "USE_DEFAULT_VALUE",
    });
    const records = recordsOf({ domain, region, mailFrom, dmarc }, identity.dkimSigningAttributes.tokens);
    if (dns === undefined) this.output(records);
    else for (const [name, record] of Object.entries(records)) dns.record(this, name, absolute(record));
  }

  private output(records: Readonly<Record<string, DnsRecord>>): void {
    new TerraformOutput(this, "Records", {
      description: "The DNS records by which receivers believe mail of the domain.",
      value: Object.values(records).map(({ host, type, values }) => ({ name: host, type, value: values[0] })),
    }).overrideLogicalId(`${hostName(this.node.id).replaceAll("-", "_")}_dns_records`);
  }
}

function recordsOf(
  { domain, region, mailFrom, dmarc }: Required<Omit<SesDomainProps, "dns">>,
  tokens: readonly string[],
): Readonly<Record<string, DnsRecord>> {
  const keys = OWN_DKIM.includes(region) ? `dkim.${region}.amazonses.com` : "dkim.amazonses.com";
  const dkim = TOKENS.map((n): [string, DnsRecord] => {
    const token = Fn.element(tokens, n) as string;
    return [`Dkim${n + 1}`, { host: `${token}._domainkey.${domain}`, type: "CNAME", values: [`${token}.${keys}`] }];
  });
  return {
    ...Object.fromEntries(dkim),
    MailFromMx: { host: mailFrom, type: "MX", values: [`10 feedback-smtp.${region}.amazonses.com`] },
    MailFromSpf: { host: mailFrom, type: "TXT", values: ["v=spf1 include:amazonses.com ~all"] },
    ...(dmarc !== false && { Dmarc: { host: `_dmarc.${domain}`, type: "TXT", values: [`v=DMARC1; p=${dmarc};`] } as const }),
  };
}

/** With a dot behind names that records lead to: they lie outside the zone. */
function absolute(record: DnsRecord): DnsRecord {
  return record.type === "TXT" ? record : { ...record, values: record.values.map((value) => `${value}.`) };
}

function wrongRegion(region: string): Problem | undefined {
  if (isRegion(region)) return undefined;
  return { wrong: `region of SES is "${region}"`, value: region, remedy: "give the name of a region, such as eu-central-1" };
}

function wrongMailFrom(mailFrom: string, domain: string): Problem | undefined {
  if (mailFrom.endsWith(`.${domain}`)) return undefined;
  return {
    wrong: `mailFrom is "${mailFrom}"`,
    value: mailFrom,
    remedy: `give a subdomain of ${domain}, such as bounces.${domain}`,
  };
}

function wrongDmarc(dmarc: SesDomainProps["dmarc"]): Problem | undefined {
  if (POLICIES.includes(dmarc)) return undefined;
  return {
    wrong: `dmarc is "${String(dmarc)}"`,
    value: String(dmarc),
    remedy: "use none, quarantine, reject, or false for no record",
  };
}
