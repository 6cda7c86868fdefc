// Extracts and validates the certificates of a PEM text: `certificatesIn(readFileSync("ca.pem", "utf8"))`.

import { X509Certificate } from "node:crypto";
import { Token } from "cdktf";
import { Problem } from "../core/problems";
import { manyLines } from "../core/render/many-lines";

/** The certificates in PEM form without other content, each followed by a line break; or a problem, such as a private key in the text. */
export function certificatesIn(ca: string): { readonly certificates: string; readonly problem?: Problem } {
  if (Token.isUnresolved(ca)) return { certificates: manyLines(ca) };
  const blocks = ca.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const certificates = blocks.map((block) => `${block}\n`).join("");
  if (ca.includes("PRIVATE KEY"))
    return { certificates, problem: { wrong: "ca holds a private key", remedy: "give the certificates alone" } };
  if (blocks.length > 0 && blocks.every(isCertificate)) return { certificates };
  const problem = {
    wrong: "ca holds no certificate that can be read",
    remedy: 'give the text of a PEM file, as in readFileSync("ca.pem", "utf8")',
  };
  return { certificates, problem };
}

function isCertificate(block: string): boolean {
  try {
    return new X509Certificate(block).subject !== "";
  } catch {
    return false;
  }
}
