// A version of Mastodon and what it needs: `MastodonVersion.of("4.7.6")`, or `versionOf(site)` for a site's.

import { Annotations } from "cdktf";
import { Site } from "../core/site";

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
   * @throws if the text is no version, or an older one than this library knows
   */
  static of(text: string): MastodonVersion {
    const match = /^(\d+)\.(\d+)\.(\d+)(-(?:rc|beta|alpha)\.\d+)?$/.exec(text);
    if (match === null) throw new Error(`version is "${text}", but must be a full version without v, such as ${NEWEST}`);
    const version = new MastodonVersion(text, match.slice(1, 4).map(Number));
    if (version.isBefore(OLDEST_MINOR)) {
      throw new Error(
        `version is ${text}, but this library knows Mastodon from ${OLDEST_MINOR} on; upgrade to a release of ${OLDEST_MINOR} first`,
      );
    }
    return version;
  }

  /** Whether it is earlier than `other`: a minor version, as in `4.4`, or a release, as in `4.2.6`. */
  isBefore(other: string): boolean {
    return this.compare(other) < 0;
  }

  /** Whether it is later than `other`; a release of 4.4 is not later than `4.4`. */
  isAfter(other: string): boolean {
    return this.compare(other) > 0;
  }

  /** Whether it is of a minor version that this library does not know yet; it is then treated like the newest that it knows. */
  get isUnknown(): boolean {
    return this.isAfter(NEWEST_MINOR);
  }

  /** The queues that its Sidekiq uses; each must be worked off by some process. */
  get queues(): readonly Queue[] {
    return this.isBefore("4.4") ? QUEUES.filter((queue) => queue !== "fasp") : QUEUES;
  }

  /** The oldest PostgreSQL and Redis that it works with, from its README, its `db:migrate` and its Sidekiq. */
  get needs(): { readonly postgres: string; readonly redis: string } {
    return MINIMA.find(({ from }) => !this.isBefore(from))!;
  }

  private compare(other: string): number {
    const parts = other.split(".").map(Number);
    return parts.map((part, n) => this.parts[n]! - part).find((difference) => difference !== 0) ?? 0;
  }
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

const warned = new WeakSet<Site>();

/** The version of a site; for one that is newer than this library, the plan carries a warning. */
export function versionOf(site: Site): MastodonVersion {
  const version = MastodonVersion.of(site.version);
  if (version.isUnknown && !warned.has(site)) {
    warned.add(site);
    Annotations.of(site).addWarning(
      `Mastodon ${version.text} is newer than this library, which knows 4.1 to ${NEWEST_MINOR} and treats it like ${NEWEST_MINOR}: ` +
        "read its release notes for variables, queues and minimal versions that have changed.",
    );
  }
  return version;
}
