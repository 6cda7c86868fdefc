// How much memory a class of RDS has: `classGib("db.m7g.large")` is 8. AWS' documentation lists it under "DB instance classes"; it follows from the
// family and the size.

/** Of burstable classes, which do not follow the rule of the others below `large`. */
const BURSTABLE_GIB: Readonly<Record<string, number>> = { micro: 1, small: 2, medium: 4, large: 8, xlarge: 16, "2xlarge": 32 };
/** Of the size `large`, by the family: general purpose, memory optimized, and X2g with still more memory. */
const LARGE_GIB: readonly (readonly [RegExp, number])[] = [
  [/^m[5-8](g|i|gd|id|d)?$/, 8],
  [/^r[5-8](g|i|gd|id|b|d)?$/, 16],
  [/^x2g$/, 32],
];

/** The memory in GiB; `undefined` if it is no class, or none whose memory is known here. */
export function classGib(name: string): number | undefined {
  const [, family, size] = /^db\.([a-z0-9]+)\.([a-z0-9]+)$/.exec(name) ?? [];
  if (family === undefined || size === undefined) return undefined;
  if (/^t(3|4g)$/.test(family)) return BURSTABLE_GIB[size];
  const large = LARGE_GIB.find(([form]) => form.test(family))?.[1];
  if (large === undefined || size === "large") return large;
  // `xlarge` is twice as much, `2xlarge` four times.
  const [, times] = /^([1-9]\d?|)xlarge$/.exec(size) ?? [];
  return times === undefined ? undefined : large * 2 * Number(times || 1);
}
