// Compares synthesized plans without cdktf's own metadata: `samePlan(ours, theirs)`.

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The first difference of two plans, or `undefined` if they say the same. */
export function samePlan(ours: string, theirs: string): string | undefined {
  return difference(JSON.parse(ours) as Json, JSON.parse(theirs) as Json, "plan");
}

function difference(a: Json, b: Json, path: string): string | undefined {
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") {
    return a === b ? undefined : `${path} is ${JSON.stringify(a)?.slice(0, 200)} and ${JSON.stringify(b)?.slice(0, 200)}`;
  }
  if (Array.isArray(a) !== Array.isArray(b)) return `${path} is a list in one only`;
  const [left, right] = [a, b] as readonly { readonly [key: string]: Json }[];
  // cdktf's own notes, such as the construct path.
  const keys = [...new Set([...Object.keys(left!), ...Object.keys(right!)])].filter((key) => key !== "//");
  for (const key of keys) {
    if (!(key in left!) || !(key in right!)) return `${path}.${key} is in one only`;
    const found = difference(left![key]!, right![key]!, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
