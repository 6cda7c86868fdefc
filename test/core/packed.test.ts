import { gunzipSync, gzipSync } from "node:zlib";
import { packedLength } from "../../lib/core/render/terraform-text";

test("a packed text has the bytes of its base64, with room for another gzip", () => {
  const text = "#cloud-config\n" + "runcmd: [[/usr/local/sbin/boot]]\n".repeat(500);
  const base64 = gzipSync(text).toString("base64");
  expect(gunzipSync(Buffer.from(base64, "base64")).toString()).toBe(text);
  expect(packedLength(text)).toBeGreaterThanOrEqual(base64.length);
  expect(packedLength(text)).toBeLessThan(base64.length * 1.1);
  // Far below the plain text, which a cloud that counts compressed bytes must not be refused for.
  expect(packedLength(text)).toBeLessThan(text.length / 10);
});

test("what stands in a token's place counts as text that does not compress", () => {
  const token = "${TfToken[TOKEN.1]}";
  expect(packedLength(token.repeat(1))).toBeGreaterThan(64);
  const different = Array.from({ length: 100 }, (_, n) => "${TfToken[TOKEN." + n + "]}").join("\n");
  expect(packedLength(different)).toBeGreaterThan(100 * 64);
});
