// A roll-out that nothing on the page asks for: `{ "context": { "cdktf-mastodon:generation": "2" } }` in cdktf.json.
// The word stands as a comment in the boot texts of pools, so another word replaces their members, as any change of the text does.

import { Construct } from "constructs";
import { Problem } from "./problems";

/** The key of cdktf's context. Behind a colon, as in `cdktf-mastodon:generation:web`, the name of the only pool that it is for. */
export const GENERATION = "cdktf-mastodon:generation";

const WORD = /^[\w.:+-]{1,64}$/;

/** The word for a pool, if the context has one: its own before the one for all. */
export function generationOf(pool: Construct, name: string): string | undefined {
  const word: unknown = pool.node.tryGetContext(`${GENERATION}:${name}`) ?? pool.node.tryGetContext(GENERATION);
  return word === undefined || wrongWord(GENERATION, word) !== undefined ? undefined : String(word);
}

/** What is wrong with the context of a page that has these pools. */
export function wrongGenerations(page: Construct, pools: readonly string[]): readonly Problem[] {
  const all = page.node.getAllContext() as Readonly<Record<string, unknown>>;
  return Object.entries(all).flatMap(([key, word]) => {
    if (key !== GENERATION && !key.startsWith(`${GENERATION}:`)) return [];
    const pool = key.slice(GENERATION.length + 1);
    const unknown: Problem | undefined =
      key === GENERATION || pools.includes(pool)
        ? undefined
        : {
            wrong: `the context "${key}" names no pool of this page`,
            remedy: `name one that is: ${pools.join(", ") || "there is none"}`,
          };
    return [unknown ?? wrongWord(key, word)].filter((problem) => problem !== undefined);
  });
}

function wrongWord(key: string, word: unknown): Problem | undefined {
  if ((typeof word === "string" || typeof word === "number") && WORD.test(String(word))) return undefined;
  return {
    wrong: `the context "${key}" is ${JSON.stringify(word)}`,
    remedy: "use a word of 1 to 64 letters, digits, dots, colons, dashes, pluses and underscores, such as a date",
  };
}
