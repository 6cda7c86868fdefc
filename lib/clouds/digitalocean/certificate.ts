// Certificates at DigitalOcean, known to load balancers by their names: `issuedCertificate(scope, network, "social.example")`.

import { Certificate } from "@cdktf/provider-digitalocean/lib/certificate";
import { Fn, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { shortened } from "../../core/names";
import { terraformText } from "../../core/render/terraform-text";
import { notSecret } from "../shared/boot-text";
import { NAME_LENGTH } from "./limits";
import { DigitalOceanNetwork } from "./network";

/** Let's Encrypt's, which DigitalOcean renews by itself. */
export function issuedCertificate(scope: Construct, network: DigitalOceanNetwork, host: string): string {
  const at = host.replaceAll(".", "-");
  return new Certificate(scope, `Certificate-${at}`, {
    name: shortened(`${network.site}-${at}`, NAME_LENGTH),
    type: "lets_encrypt",
    domains: [host],
    // One in use cannot be deleted, and a name is never in use twice: another host name is another certificate.
    lifecycle: { createBeforeDestroy: true },
  }).name;
}

/** One of the page's own, under a name that changes with it. */
export function uploadedCertificate(
  scope: Construct,
  network: DigitalOceanNetwork,
  given: { readonly certificate: string; readonly privateKey: string },
): string {
  const text = new TerraformLocal(scope, "CertificateText", terraformText(given.certificate));
  const key = new TerraformLocal(scope, "PrivateKeyText", terraformText(given.privateKey)).asString;
  const hash = notSecret(Fn.sha256(Fn.join("", [text.asString, key])));
  // DigitalOcean takes the own certificate and those above it apart.
  const parts = `regexall("(?s)-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", local.${text.friendlyUniqueId})`;
  const chain = `slice(${parts}, 1, length(${parts}))`;
  return new Certificate(scope, "Certificate", {
    name: `${network.site}-${Fn.substr(hash, 0, 8)}`,
    type: "custom",
    leafCertificate: `\${${parts}[0]}`,
    certificateChain: `\${length(${parts}) == 1 ? null : join("\\n", ${chain})}`,
    privateKey: key,
    lifecycle: { createBeforeDestroy: true },
  }).name;
}
