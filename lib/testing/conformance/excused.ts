// Findings that are right for a cloud are left out, and excuses that nothing needs are findings themselves.

export interface ConformanceOptions {
  /**
   * Findings that are right for this cloud, each with the reason. A key is a finding without what stands after its colon, as in
   * `machine.packages is never read`.
   * @default - none
   */
  readonly excused?: Readonly<Record<string, string>>;
}

export function withoutExcused(found: readonly string[], { excused = {} }: ConformanceOptions): readonly string[] {
  const unused = Object.keys(excused).filter((key) => !found.some((finding) => keyOf(finding) === key));
  return [
    ...found.filter((finding) => excused[keyOf(finding)] === undefined),
    ...unused.map((key) => `an excuse that nothing needs any more: ${key}`),
  ];
}

function keyOf(finding: string): string {
  return finding.split(": ")[0]!;
}
