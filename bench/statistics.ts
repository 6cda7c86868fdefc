// Statistics of several measurements: `median([3, 1, 2])`, `ratioOfPairs(pairs)`.

export interface Pair {
  readonly ours: number;
  readonly theirs: number;
}

/** @throws if there is nothing to take it of */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("there is no median of nothing");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median of the ratios within each pair: what slows both halves of a pair down leaves it alone. */
export function ratioOfPairs(pairs: readonly Pair[]): number {
  return median(pairs.map(({ ours, theirs }) => ours / theirs));
}

/** How a cost grows: 1 if ten times as much costs ten times as much, above what does not depend on the amount. */
export function growth(less: { readonly amount: number; readonly cost: number }, more: typeof less, fixed: number): number {
  return (more.cost - fixed) / (less.cost - fixed) / (more.amount / less.amount);
}

/** The least and the most, as `1.2 – 1.4`. */
export function spread(values: readonly number[], digits: number): string {
  return `${Math.min(...values).toFixed(digits)} – ${Math.max(...values).toFixed(digits)}`;
}
