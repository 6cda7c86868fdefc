import { best, Measured, report } from "../../bench/puma-size";

const one = { medianMs: 100, p99Ms: 400, servedBesideSlow: 1, memoryMib: 120 };
const found: readonly Measured[] = [
  { ...one, processors: 1, processes: 1, threads: 5, carries: 17 },
  { ...one, processors: 1, processes: 1, threads: 2, carries: 12.44 },
  { ...one, processors: 2, processes: 2, threads: 5, carries: 30 },
];
const changed = (more: Partial<Measured>) => found.map((each, n) => (n === 0 ? { ...each, ...more } : each));
const missed = (all: readonly Measured[]) =>
  report(all, 2)
    .targets.filter(({ met }) => !met)
    .map(({ what, measured }) => `${what}: ${measured}`);

test("each number of processors has a table, with the smaller choices first", () => {
  const { tables, targets } = report(found, 2);
  expect(tables.map(({ title, rows }) => [title, rows.map(([choice]) => choice)])).toEqual([
    ["1 processor", ["1 x 2", "1 x 5"]],
    ["2 processors", ["2 x 5"]],
  ]);
  expect(tables[0]!.rows[0]).toEqual(["1 x 2", "12.4", "100 ms", "400 ms", "100 %", "120 MiB"]);
  expect(targets).toHaveLength(6);
  expect(targets.every(({ met }) => met)).toBe(true);
});

test("what the rule gives is held against the best of the others, and must have been measured", () => {
  expect(missed(changed({ carries: 11 }))).toEqual(["1 processor, 1 x 5: pages a second: 88 % of the most"]);
  expect(missed(changed({ p99Ms: 1000 }))).toEqual(["1 processor, 1 x 5: 99th percentile: 1000 ms"]);
  expect(missed(changed({ servedBesideSlow: 0.94 }))).toEqual(["1 processor, 1 x 5: pages beside 2 slow requests: 94 %"]);
  expect(() => report(found.slice(1), 2)).toThrow("1 x 5 was not measured with 1 processors");
});

test("of several rounds each number is the one that was disturbed least", () => {
  const [a, b] = [
    { carries: 10, medianMs: 100, p99Ms: 300, servedBesideSlow: 0.9, memoryMib: 50 },
    { carries: 16, medianMs: 120, p99Ms: 200, servedBesideSlow: 1, memoryMib: 55 },
  ];
  expect(best([a, b])).toEqual({ carries: 16, medianMs: 100, p99Ms: 200, servedBesideSlow: 1, memoryMib: 55 });
});
