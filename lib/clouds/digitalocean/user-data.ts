// The user-data of a droplet: `packedText(boot.packed)`.
//
// DigitalOcean takes 64 KiB of text. cloud-init unpacks what is compressed, but of text only where a MIME message says that a part is.

/** What the message is besides its part, rounded up. */
export const MESSAGE_BYTES = 512;

/** @param packed the boot text compressed by gzip as base64 */
export function packedText(packed: string): string {
  return `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="boot-text"

--boot-text
Content-Type: application/gzip
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="boot-text"

${packed}

--boot-text--
`;
}
