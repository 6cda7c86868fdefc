// Checks that an uploaded certificate is valid PEM and covers a host name of the front door: `uncertified(pem, "streaming.social.example")`.

import { X509Certificate } from "node:crypto";
import { Token } from "cdktf";
import { Problem } from "../../core/problems";

/** What is wrong with the certificate for that host, by the rules of browsers. A certificate that Terraform computes is not checked. */
export function uncertified(pem: string, host: string): Problem | undefined {
  if (Token.isUnresolved(pem)) return undefined;
  if (/PRIVATE KEY/.test(pem)) {
    return {
      wrong: "certificate.certificate holds a private key",
      remedy: "give the certificates alone, and the key as privateKey",
    };
  }
  const own = read(pem);
  if (own === undefined) {
    return {
      wrong: "certificate.certificate cannot be read as a certificate",
      remedy: 'give the text of a PEM file, your own certificate first, as in readFileSync("fullchain.pem", "utf8")',
    };
  }
  // Browsers check the subject alternative names only, not the subject.
  if (own.checkHost(host, { subject: "never" }) !== undefined) return undefined;
  return {
    wrong: `the certificate does not cover the host name ${host}, only ${names(own)}`,
    remedy:
      "have it issued for every host name of the front door, or for all of a domain, as in *.social.example beside social.example",
  };
}

function read(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function names({ subjectAltName }: X509Certificate): string {
  return subjectAltName === undefined || subjectAltName === "" ? "none" : subjectAltName.replaceAll("DNS:", "");
}
