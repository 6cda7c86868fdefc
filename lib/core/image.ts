// Checks of container image names: `wrongImage("images.mastodon", "ghcr.io/glitch-soc/mastodon:v4.5.3")`. The grammar is that of OCI references
// (github.com/distribution/reference).

import { Token } from "cdktf";
import { isHostName, isThisMachine } from "./address";
import { Problem } from "./problems";

const PART = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const REGISTRY = /^(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const PATH = new RegExp(`^${PART}(?:/${PART})*$`);
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$|^sha512:[0-9a-f]{128}$/;
const NAME_LENGTH = 255;

interface Reference {
  readonly registry: string;
  readonly path: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** The registry of an image, or `undefined` if the name has none. */
export function registryOf(image: string): string | undefined {
  const first = image.split("/")[0]!;
  return image.includes("/") && /[.:]|^localhost$/.test(first) ? first : undefined;
}

/** What is wrong with the name of an image. */
export function wrongImage(prop: string, image: string): Problem | undefined {
  if (Token.isUnresolved(image)) return undefined;
  const why = reasons(image, parse(image));
  if (why === undefined) return undefined;
  return {
    wrong: `${prop} is "${image}"${why === "" ? "" : `, ${why}`}`,
    value: image,
    remedy:
      "give registry, path and tag or digest, as in ghcr.io/glitch-soc/mastodon:v4.5.3 or …@sha256:…; " +
      "the path in lower case, the tag of at most 128 letters, digits, dots, dashes and underscores",
  };
}

function parse(image: string): Reference {
  const registry = registryOf(image);
  const [rest, digest] = split(registry === undefined ? image : image.slice(registry.length + 1), "@");
  const [path, tag] = split(rest, ":");
  return { registry: registry ?? "", path, tag, digest };
}

function split(text: string, at: string): readonly [string, string | undefined] {
  const place = text.indexOf(at);
  return place === -1 ? [text, undefined] : [text.slice(0, place), text.slice(place + 1)];
}

/** Why it is no valid reference; empty if the remedy says enough. */
function reasons(image: string, { registry, path, tag, digest }: Reference): string | undefined {
  if (/[A-Z]/.test(path)) return "whose path has upper-case letters";
  if (/\s/.test(image)) return "which has a space or a line break";
  if (!PATH.test(path)) return "";
  if (registry === "") return "which names no registry, and podman on the machines knows none by itself";
  const [, host = "", port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(registry) ?? [];
  // Without a port, `localhost/` is podman's prefix of images that were built locally.
  if (isThisMachine(host) && (port !== undefined || host !== "localhost")) return "whose registry is the machine itself";
  if (!REGISTRY.test(registry) || (!registry.startsWith("[") && !isHostName(host) && !/^[\d.]+$/.test(host))) return "";
  if (tag === undefined && digest === undefined) return "which has neither tag nor digest";
  if ((tag !== undefined && !TAG.test(tag)) || (digest !== undefined && !DIGEST.test(digest))) return "";
  if (registry.length + 1 + path.length > NAME_LENGTH) return `whose name has more than ${NAME_LENGTH} characters`;
  return undefined;
}
