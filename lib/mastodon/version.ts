// A version of Mastodon and its requirements: `MastodonVersion.of("4.7.6")`, or `versionOf(site)`.

import { Annotations } from "cdktf";
import { Problem } from "../core/problems";
import { Site } from "./site";

/** The newest release that this library knows. */
export const NEWEST = "4.7.6";
const OLDEST_MINOR = "4.1";
const NEWEST_MINOR = "4.7";

export class MastodonVersion {
  private constructor(
    /** As in `4.7.6`. */
    readonly text: string,
    private readonly parts: readonly number[],
  ) {}

  /**
   * @throws if the text is not a version, or is older than the oldest supported one
   */
  static of(text: string): MastodonVersion {
    const wrong = MastodonVersion.wrong(text);
    if (wrong !== undefined) throw new Error(`${wrong.wrong} / ${wrong.remedy}`);
    return MastodonVersion.parse(text);
  }

  /** The problem with the text as a version, if there is one. */
  static wrong(text: string): Problem | undefined {
    const known = `this library supports Mastodon ${OLDEST_MINOR} and later`;
    if (!RELEASE.test(text)) {
      return { wrong: `version is "${text}"`, value: text, remedy: meant(text) };
    }
    if (!MastodonVersion.parse(text).isBefore(OLDEST_MINOR)) return undefined;
    return {
      wrong: `version is "${text}"`,
      value: text,
      remedy: `${known}: first upgrade to a release of ${OLDEST_MINOR} with the server's present installation`,
    };
  }

  /** The version to continue with after a wrong text, so that all problems can be collected first. */
  static near(text: string): MastodonVersion {
    const [, major, minor, patch] = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? [];
    const near = MastodonVersion.parse(major === undefined ? NEWEST : `${major}.${minor}.${patch ?? 0}`);
    return near.isBefore(OLDEST_MINOR) ? MastodonVersion.parse(NEWEST) : near;
  }

  private static parse(text: string): MastodonVersion {
    return new MastodonVersion(text, RELEASE.exec(text)!.slice(1, 4).map(Number));
  }

  /** Whether it is earlier than `other`: a minor version, as in `4.4`, or a release, as in `4.2.6`. */
  isBefore(other: string): boolean {
    return this.compare(other) < 0;
  }

  /** Whether it is later than `other`; a release of 4.4 is not later than `4.4`. */
  isAfter(other: string): boolean {
    return this.compare(other) > 0;
  }

  /** Whether its minor version is newer than the newest supported one; it is then treated like that one. */
  get isUnknown(): boolean {
    return this.isAfter(NEWEST_MINOR);
  }

  /** The queues of its Sidekiq; each must be processed by some group. */
  get queues(): readonly Queue[] {
    return this.isBefore("4.4") ? QUEUES.filter((queue) => queue !== "fasp") : QUEUES;
  }

  /** The oldest PostgreSQL and Redis that it works with, from its README, its `db:migrate` and its Sidekiq. */
  get needs(): { readonly postgres: string; readonly redis: string } {
    return MINIMA.find(({ from }) => !this.isBefore(from))!;
  }

  private compare(other: string): number {
    const parts = other.split(".");
    for (let n = 0; n < parts.length; n += 1) {
      const difference = this.parts[n]! - Number(parts[n]);
      if (difference !== 0) return difference;
    }
    return 0;
  }
}

const RELEASE = /^(\d{1,4})\.(\d{1,4})\.(\d{1,4})(-(?:rc|beta|alpha)\.\d+)?$/;

/** The remedy for a text that is not a release: one with a leading v, a fork's version, or a branch. */
function meant(text: string): string {
  const full = `give a full release without v, such as "${NEWEST}"`;
  const [, release, rest] = /^v?(\d+\.\d+\.\d+(?:-(?:rc|beta|alpha)\.\d+)?)(.*)$/.exec(text) ?? [];
  if (release !== undefined && rest === "") return `${full}: write version: "${release}"`;
  if (/^v?\d+\.\d+$/.test(text)) return `${full}: "${text}" stands for many releases`;
  const fork = (of: string) =>
    `write version: "${of}", the release of Mastodon that it is made from, and both images, ` +
    'as in images: { mastodon: "ghcr.io/glitch-soc/mastodon:TAG", streaming: "ghcr.io/glitch-soc/mastodon-streaming:TAG" }';
  return release === undefined ? `${full}; of a fork or a nightly build, ${fork(NEWEST)}` : fork(release);
}

const MINIMA = [
  { from: "4.5", postgres: "14", redis: "7.0" },
  { from: "4.4", postgres: "13", redis: "6.2" },
  { from: "4.3", postgres: "12", redis: "4.0" },
  { from: "4.2.4", postgres: "10", redis: "4.0" },
  { from: OLDEST_MINOR, postgres: "9.5", redis: "4.0" },
];

const QUEUES = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"] as const;
export type Queue = (typeof QUEUES)[number];

/** The version of a site. One that is newer than this library adds a warning to the plan. */
export function versionOf(site: Site): MastodonVersion {
  const wrong = MastodonVersion.wrong(site.version);
  if (wrong !== undefined) {
    site.problems.add(site, wrong);
    return MastodonVersion.near(site.version);
  }
  const version = MastodonVersion.of(site.version);
  if (version.isUnknown) site.shared.once("warning of a new version", () => warn(site, version));
  return version;
}

function warn(site: Site, version: MastodonVersion): void {
  Annotations.of(site).addWarning(
    `Mastodon ${version.text} is newer than this library, which supports 4.1 to ${NEWEST_MINOR} and treats it like ${NEWEST_MINOR}: ` +
      "read its release notes for variables, queues and minimal versions that have changed.",
  );
}
