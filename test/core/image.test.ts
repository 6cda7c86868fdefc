import { registryOf, wrongImage } from "../../lib/core/image";

const DIGEST = `sha256:${"0a".repeat(32)}`;

test.each([
  "ghcr.io/mastodon/mastodon:v4.7.6",
  `ghcr.io/mastodon/mastodon@${DIGEST}`,
  `ghcr.io/mastodon/mastodon:v4.7.6@${DIGEST}`,
  "registry.example:5000/a/b_c/d__e/f-g--h.i:latest",
  "REGISTRY.example/a:V4_7".toLowerCase(),
  "localhost/mastodon:v4.7.6",
  "10.0.0.5:5000/mastodon:v4.7.6",
  `ghcr.io/a:${"t".repeat(128)}`,
])("%s is an image", (image) => expect(wrongImage("images.mastodon", image)).toBeUndefined());

test.each([
  ["ghcr.io/Glitch-Soc/mastodon:v4.5.3", ", whose path has upper-case letters"],
  ["ghcr.io/glitch soc/mastodon:v4.5.3", ", which has a space or a line break"],
  ["ghcr.io/mastodon/mastodon:v4.7.6\n", ", which has a space or a line break"],
  ["mastodon/mastodon:v4.7.6", ", which names no registry, and podman on the machines knows none by itself"],
  ["mastodon", ", which names no registry, and podman on the machines knows none by itself"],
  ["ghcr.io/mastodon/mastodon", ", which has neither tag nor digest"],
  ["localhost:5000/mastodon:v4.7.6", ", whose registry is the machine itself"],
  ["127.0.0.1:5000/mastodon:v4.7.6", ", whose registry is the machine itself"],
  ["[::1]:5000/mastodon:v4.7.6", ", whose registry is the machine itself"],
  ["https://ghcr.io/mastodon/mastodon:v4.7.6", ""],
  ["ghcr.io/mastodon/mastodon:v4.5.3+glitch", ""],
  [`ghcr.io/a:${"t".repeat(129)}`, ""],
  ["ghcr.io/a@sha256:0a", ""],
  ["ghcr.io/a@md5:0a", ""],
  ["ghcr.io//mastodon:v4.7.6", ""],
  ["ghcr.io/a--/b:1", ""],
  ["", ""],
  [`ghcr.io/${"a".repeat(248)}:1`, ", whose name has more than 255 characters"],
])("%j is none", (image, why) => {
  const { wrong, remedy } = wrongImage("images.mastodon", image)!;
  if (image === "") expect(wrong).toMatch(/^images\.mastodon is ""/);
  else expect(wrong).toBe(`images.mastodon is "${image}"${why}`);
  expect(remedy).toContain("give registry, path and tag or digest, as in ghcr.io/glitch-soc/mastodon:v4.5.3");
});

test("the registry is the part before the first slash, if it is one", () => {
  expect(registryOf("ghcr.io/mastodon/mastodon:v1")).toBe("ghcr.io");
  expect(registryOf("registry:5000/a:v1")).toBe("registry:5000");
  expect(registryOf("mastodon/mastodon:v1")).toBeUndefined();
  expect(registryOf("mastodon:v1")).toBeUndefined();
});
