// The CloudFront distribution before a closed bucket, which alone reads it: `new MediaBucket(stack, "Media", { …, cloudFront: { host: "files.social.example", dns } })`.
//
// It keeps no logs: they would hold the address of everybody who looks at a picture, with the time.

import { CloudfrontCachePolicy } from "@cdktf/provider-aws/lib/cloudfront-cache-policy";
import { CloudfrontDistribution } from "@cdktf/provider-aws/lib/cloudfront-distribution";
import { CloudfrontOriginAccessControl } from "@cdktf/provider-aws/lib/cloudfront-origin-access-control";
import { CloudfrontResponseHeadersPolicy } from "@cdktf/provider-aws/lib/cloudfront-response-headers-policy";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { TerraformOutput } from "cdktf";
import { Construct } from "constructs";
import { wrongDomain } from "../../core/address";
import { Dns } from "../../core/dns";
import { hostName, shortened } from "../../core/names";
import { Problem, Problems } from "../../core/problems";
import { wholeNumber } from "../../core/whole-number";
import { addressOf } from "../shared/terraform-address";
import { issuedCertificate, uncertifiable } from "./certificate";
import { CLOUDFRONT_NAME_LENGTH } from "./limits";
import { MediaPlace } from "./media-key";
import { Route53Dns } from "./route53";

export interface MediaCloudFrontProps {
  /**
   * The host name of files. It must be one of your own: with CloudFront's, AWS accepts TLS 1.0, and its name is not known before it is made, when the
   * servers need it. After a change, clients keep the old content security policy for about a week.
   */
  readonly host: string;
  /**
   * Who writes `host` into DNS. With `route53` the distribution also gets its certificate by it.
   * @default - nobody: the output `…_dns_records` says which record to make
   */
  readonly dns?: Dns;
  /**
   * A certificate for `host` in AWS Certificate Manager, by its ARN. CloudFront takes those of us-east-1 only; `Certificate` makes one there, in a step
   * before.
   * @default - one that the page makes, if `dns` is `route53`
   * @throws at synth if there is neither, or if it is in another region
   */
  readonly certificateArn?: string;
  /**
   * How long CloudFront keeps a file before it asks the bucket again, in seconds: for so long a picture that was deleted may still be seen. Mastodon
   * marks files as valid for ten years, of which a cache policy without a limit would believe one. A question costs one request to S3, and no traffic if the
   * file is unchanged. A change takes effect within minutes.
   * @default 3600
   * @throws at synth if it is not a whole number from 60 to 31536000
   */
  readonly cacheSeconds?: number;
  /**
   * From which edge locations files come, by AWS' names: `PriceClass_100` are those of North America and Europe, where a GB costs least; `PriceClass_200`
   * has most others; `PriceClass_All` all. People elsewhere are served from the nearest of these.
   * @default "PriceClass_All"
   */
  readonly priceClass?: "PriceClass_100" | "PriceClass_200" | "PriceClass_All";
}

/** A statement of a bucket's policy. */
export type BucketStatement = Readonly<Record<string, unknown>>;
/** Who reads the files of a bucket, but for those that are personal. */
export type Reads = (personal: readonly string[]) => readonly BucketStatement[];

interface Around extends MediaCloudFrontProps {
  readonly problems: Problems;
  readonly place: MediaPlace;
  readonly origin: S3Bucket;
  /** The host of the web interface. */
  readonly domain: string;
}

const PRICE_CLASSES: readonly string[] = ["PriceClass_100", "PriceClass_200", "PriceClass_All"];
const CACHE_SECONDS = 3600;
const HSTS_SECONDS = 63_072_000;
/** Where CloudFront finds certificates. */
const CERTIFICATES = "us-east-1";
/** What Mastodon's own nginx says of uploads: a file that is a page may load nothing, run nothing and send nothing. */
const CONTENT_POLICY = "default-src 'none'; form-action 'none'";

export class MediaCloudFront extends Construct {
  private readonly distribution: CloudfrontDistribution;

  constructor(scope: Construct, id: string, { host, problems, place, origin, domain, ...props }: Around) {
    super(scope, id);
    const { dns, certificateArn, cacheSeconds = CACHE_SECONDS, priceClass = "PriceClass_All" } = props;
    const wrongHost = wrongDomain("host of cloudFront", host) ?? (host === domain ? taken(host) : undefined);
    for (const problem of [wrongHost, wrongClass(priceClass), wrongCertificate({ host, certificateArn, dns })])
      problems.add(this, problem);
    const seconds = wholeNumber(problems, this, "cacheSeconds", cacheSeconds, { least: 60, most: 31_536_000 });
    const name = shortened(place.bucket, CLOUDFRONT_NAME_LENGTH);
    const certificate =
      certificateArn ??
      (dns instanceof Route53Dns ? issuedCertificate(this, dns, { host, region: CERTIFICATES, tags: { Name: host } }) : "");
    const originId = "bucket";
    this.distribution = new CloudfrontDistribution(this, "Distribution", {
      enabled: true,
      comment: `Files of ${domain}`,
      aliases: [host],
      isIpv6Enabled: true,
      httpVersion: "http2and3",
      priceClass,
      origin: [
        {
          originId,
          domainName: `\${${addressOf(origin)}.bucket_regional_domain_name}`,
          originAccessControlId: this.accessControl(name),
        },
      ],
      defaultCacheBehavior: {
        targetOriginId: originId,
        viewerProtocolPolicy: "redirect-to-https",
        allowedMethods: ["GET", "HEAD"],
        cachedMethods: ["GET", "HEAD"],
        // Pictures, video and sound are compressed.
        compress: false,
        cachePolicyId: this.cachePolicy(name, seconds),
        responseHeadersPolicyId: this.headersPolicy(name, domain),
      },
      restrictions: { geoRestriction: { restrictionType: "none" } },
      viewerCertificate: {
        acmCertificateArn: certificate,
        minimumProtocolVersion: "TLSv1.2_2021",
        sslSupportMethod: "sni-only",
      },
      tags: { Name: place.bucket },
    });
    this.record(scope, host, dns);
  }

  /** What the bucket's policy says of it: this distribution reads objects, and no other one, of whatever account; and it reads no personal files. */
  reads(bucketArn: string): Reads {
    const common = { Principal: { Service: "cloudfront.amazonaws.com" }, Action: "s3:GetObject" };
    const Condition = { StringEquals: { "AWS:SourceArn": `\${${addressOf(this.distribution)}.arn}` } };
    return (personal) => [
      { Sid: "CloudFrontReads", Effect: "Allow", ...common, Resource: `${bucketArn}/*`, Condition },
      { Sid: "PersonalFilesOnlySigned", Effect: "Deny", ...common, Resource: personal },
    ];
  }

  private accessControl(name: string): string {
    return new CloudfrontOriginAccessControl(this, "AccessControl", {
      name,
      description: "Signs what CloudFront asks of the bucket",
      originAccessControlOriginType: "s3",
      signingBehavior: "always",
      signingProtocol: "sigv4",
    }).id;
  }

  private cachePolicy(name: string, seconds: number): string {
    return new CloudfrontCachePolicy(this, "CachePolicy", {
      name,
      comment: "A deleted file is not served for longer than this",
      minTtl: 0,
      defaultTtl: seconds,
      maxTtl: seconds,
      parametersInCacheKeyAndForwardedToOrigin: {
        cookiesConfig: { cookieBehavior: "none" },
        headersConfig: { headerBehavior: "none" },
        queryStringsConfig: { queryStringBehavior: "none" },
        enableAcceptEncodingBrotli: false,
        enableAcceptEncodingGzip: false,
      },
    }).id;
  }

  private headersPolicy(name: string, domain: string): string {
    return new CloudfrontResponseHeadersPolicy(this, "HeadersPolicy", {
      name,
      comment: "Pages of the site may load files, and files run nothing",
      // Browsers load fonts, sound and video of another host for a page only if it says so.
      corsConfig: {
        accessControlAllowCredentials: false,
        accessControlAllowHeaders: { items: ["*"] },
        accessControlAllowMethods: { items: ["GET", "HEAD"] },
        accessControlAllowOrigins: { items: [`https://${domain}`] },
        originOverride: true,
      },
      securityHeadersConfig: {
        contentTypeOptions: { override: true },
        contentSecurityPolicy: { contentSecurityPolicy: CONTENT_POLICY, override: true },
        strictTransportSecurity: { accessControlMaxAgeSec: HSTS_SECONDS, override: true },
      },
    }).id;
  }

  private record(owner: Construct, host: string, dns: Dns | undefined): void {
    const { domainName, hostedZoneId } = this.distribution;
    if (dns === undefined) {
      const name = `${hostName(owner.node.id).replaceAll("-", "_")}_dns_records`;
      const description = "The DNS record that leads the host of files to CloudFront.";
      const value = [{ name: host, type: "CNAME", value: domainName }];
      new TerraformOutput(this, "Records", { description, value }).overrideLogicalId(name);
      return;
    }
    if (dns.aliases === true) dns.record(this, "Record", { host, type: "ALIAS", values: [domainName], aliasZone: hostedZoneId });
    // With a dot: it lies outside the zone.
    else dns.record(this, "Record", { host, type: "CNAME", values: [`${domainName}.`] });
  }
}

function taken(host: string): Problem {
  return {
    wrong: `host of cloudFront is "${host}", which is that of the web interface`,
    value: host,
    remedy: `give another host name, such as files.${host}`,
  };
}

function wrongClass(priceClass: string): Problem | undefined {
  if (PRICE_CLASSES.includes(priceClass)) return undefined;
  return { wrong: `priceClass is "${priceClass}"`, value: priceClass, remedy: `use one of ${PRICE_CLASSES.join(", ")}` };
}

function wrongCertificate({
  host,
  certificateArn,
  dns,
}: Pick<MediaCloudFrontProps, "host" | "certificateArn" | "dns">): Problem | undefined {
  if (certificateArn !== undefined) {
    if (/^arn:aws[\w-]*:acm:us-east-1:\d{12}:certificate\/.+$/.test(certificateArn) || certificateArn.includes("${"))
      return undefined;
    const remedy = `give the ARN of a certificate in ${CERTIFICATES}, where alone CloudFront finds them`;
    return { wrong: `certificateArn of cloudFront is "${certificateArn}"`, value: certificateArn, remedy };
  }
  if (!(dns instanceof Route53Dns)) {
    return {
      wrong: `nobody issues a certificate for ${host}`,
      remedy: `give certificateArn, which Certificate makes in ${CERTIFICATES} in a step before, or dns: route53({ … })`,
    };
  }
  if (dns.holds(host)) return uncertifiable(host);
  return {
    wrong: `host of cloudFront is "${host}", which is not in the zone ${dns.zone}`,
    value: host,
    remedy: "give a host name in the zone, or the zone that has it",
  };
}
