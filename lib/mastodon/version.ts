// A version of Mastodon and what it needs: `MastodonVersion.of("4.7.6")`.

/** The newest release that this library knows. */
export const NEWEST = "4.7.6";

export class MastodonVersion {
  private constructor(
    /** As in `4.7.6`. */
    readonly text: string,
    private readonly major: number,
    private readonly minor: number,
  ) {}

  /**
   * @throws if the text is no version, or one that this library does not know: 4.3 to 4.7
   */
  static of(text: string): MastodonVersion {
    const match = /^(\d+)\.(\d+)\.(\d+)(-(?:rc|beta|alpha)\.\d+)?$/.exec(text);
    if (match === null) throw new Error(`version is "${text}", but must be a full version without v, such as 4.7.6`);
    const version = new MastodonVersion(text, Number(match[1]), Number(match[2]));
    if (version.isBefore("4.3") || version.isAfter("4.7")) {
      throw new Error(`version is ${text}, but this library knows Mastodon 4.3 to 4.7; use a release of those`);
    }
    return version;
  }

  /** Whether it belongs to an earlier minor version than `minor`, as in `4.4`. */
  isBefore(minor: string): boolean {
    return this.compare(minor) < 0;
  }

  /** Whether it belongs to a later minor version than `minor`. */
  isAfter(minor: string): boolean {
    return this.compare(minor) > 0;
  }

  /** The queues that its Sidekiq uses; each must be worked off by some process. */
  get queues(): readonly Queue[] {
    return this.isBefore("4.4") ? QUEUES.filter((queue) => queue !== "fasp") : QUEUES;
  }

  private compare(minor: string): number {
    const [major, second] = minor.split(".").map(Number);
    return this.major - major! || this.minor - second!;
  }
}

const QUEUES = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"] as const;
export type Queue = (typeof QUEUES)[number];

/** The share of each queue in Mastodon's own `config/sidekiq.yml`, the same in all versions. */
export const WEIGHTS: Readonly<Record<Queue, number>> = {
  default: 8,
  push: 6,
  ingress: 4,
  mailers: 2,
  pull: 1,
  scheduler: 1,
  fasp: 1,
};
