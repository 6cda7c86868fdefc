// Whether PostgreSQL's primary is the same before and after a drill: `const before = await leaderOf(scene)`, and later `moved(before, await leaderOf(scene))`.

import { Finding, Scene } from "./drill";
import { parts } from "./parts";

const LIMIT_SECONDS = 30;

export interface Leader {
  readonly name: string;
  /** Each promotion begins another, also of the same machine. */
  readonly timeline: number | undefined;
}

/** Nothing if the page has no PostgreSQL of its own, or if not exactly one of its machines becomes primary in time. */
export async function leaderOf(scene: Scene): Promise<Leader | undefined> {
  if ((await scene.site.with("postgres")).length === 0) return undefined;
  let found: Leader | undefined;
  await scene.until(async () => {
    const [first, ...others] = (await parts(scene.site)).filter(({ serves }) => serves);
    if (first !== undefined && others.length === 0) found = { name: first.host.name, timeline: first.timeline };
    return found !== undefined;
  }, LIMIT_SECONDS);
  return found;
}

/** What is wrong if a drill was not to change the primary; nothing if it did not. */
export function moved(before: Leader | undefined, after: Leader | undefined): Finding | undefined {
  if (before === undefined) return undefined;
  if (after === undefined) return { said: `${before.name} was primary before, and no PostgreSQL is now`, bad: true };
  if (before.name !== after.name)
    return { said: `PostgreSQL's primary moved from ${before.name} to ${after.name}, which this must not cause`, bad: true };
  return before.timeline === after.timeline
    ? undefined
    : {
        said: `${after.name} lost its part as PostgreSQL's primary and got it again (timeline ${before.timeline}, then ${after.timeline}), which this must not cause`,
        bad: true,
      };
}
