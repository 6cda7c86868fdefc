// The container image of each kind of process: `imageOf(site, "streaming", tier)`. Checks that both images and the version match.

import { Construct } from "constructs";
import { Site } from "./site";
import { versionOf } from "./version";

const OFFICIAL = { mastodon: "ghcr.io/mastodon/mastodon", streaming: "ghcr.io/mastodon/mastodon-streaming" } as const;
export type ImageKind = keyof typeof OFFICIAL;
const KINDS = ["mastodon", "streaming"] as const;

/** The image of the Ruby processes, or of streaming. Up to 4.2 Mastodon has one image for both. */
export function imageOf(site: Site, kind: ImageKind, by: Construct): string {
  const { mastodon, streaming } = site.images;
  ask(site, kind);
  // Browsers load the assets of this image.
  if (kind === "mastodon") site.inventory.serves({ version: site.version, image: mastodon });
  if (kind === "mastodon") return mastodon;
  if (!versionOf(site).isBefore("4.3")) return streaming ?? official(site, "streaming");
  if (streaming !== undefined && streaming !== mastodon) {
    site.problems.add(by, {
      wrong: `images.streaming is "${streaming}", and version is "${site.version}"`,
      remedy: "leave it out: 4.3 is the first version with a separate image for streaming",
    });
  }
  return mastodon;
}

function ask(site: Site, kind: ImageKind): void {
  const known = site.shared;
  known.images.add(kind);
  known.once("check of images", () => {
    site.problems.atSynth(() => {
      for (const one of known.images) checkTag(site, one);
      if (known.images.size === 2 && !versionOf(site).isBefore("4.3")) checkBoth(site);
    });
  });
}

/** Refuses a fork's image beside the official other one: its web interface would use a streaming server of another build. */
function checkBoth(site: Site): void {
  const [given, more] = KINDS.filter((kind) => site.namedImages.includes(kind));
  if (given === undefined || more !== undefined) return;
  const image = site.images[given]!;
  const missing = KINDS.find((kind) => kind !== given)!;
  if (image.replace(/[:@][^/]*$/, "") === OFFICIAL[given]) return;
  site.problems.add(site, {
    wrong: `images.${given} is "${image}", and images.${missing} is left out`,
    remedy: `give both images of the same build; the official one is ${missing}: "${official(site, missing)}"`,
    within: image,
  });
}

/** Refuses an image whose tag begins with another release of Mastodon than `version`. */
function checkTag(site: Site, kind: ImageKind): void {
  const image = site.images[kind];
  const [, tag] = /:v((\d+)\.\d+\.\d+)[^/]*$/.exec(image?.replace(/@.*$/, "") ?? "") ?? [];
  const [release] = /^\d+\.\d+\.\d+/.exec(site.version) ?? [];
  const sameCounting = tag?.split(".")[0] === release?.split(".")[0];
  if (tag === undefined || release === undefined || tag === release || !sameCounting) return;
  site.problems.add(site, {
    wrong: `images.${kind} is "${image}", and version is "${site.version}"`,
    remedy: "give the image of that version, or the version of that image: variables and migrations depend on it",
  });
}

function official(site: Site, kind: ImageKind): string {
  return `${OFFICIAL[kind]}:v${site.version}`;
}
