// A roll-out of unchanged pools: `{ "context": { "cdktf-mastodon:generation": "2" } }` in cdktf.json.
// The word is written as a comment into the boot texts of pools, so a new word replaces their members like any change of the text.

import { Construct } from "constructs";
import { Problem } from "./problems";

/** The key in cdktf's context. With the name of a pool appended, as in `cdktf-mastodon:generation:web`, it is for that pool only. */
export const GENERATION = "cdktf-mastodon:generation";

const WORD = /^[\w.:+-]{1,64}$/;

/** The word for a pool, if the context has one. A word for this pool takes precedence over the word for all pools. */
export function generationOf(pool: Construct, name: string): string | undefined {
  const word: unknown = pool.node.tryGetContext(`${GENERATION}:${name}`) ?? pool.node.tryGetContext(GENERATION);
  return word === undefined || wrongWord(GENERATION, word) !== undefined ? undefined : String(word);
}

/** The problems of the context keys, on a page that has these pools. */
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
