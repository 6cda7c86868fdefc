// Removes findings that are intended for a cloud. An excuse without a finding is reported as a finding.

export interface ConformanceOptions {
  /**
   * Findings that are intended for this cloud, each with the reason. A key is a finding without the part after its colon, as in
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
