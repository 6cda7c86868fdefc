import { report } from "../../bench/overload";

const seen = {
  offered: 60,
  served: 30,
  leastServed: 0,
  medianMs: 800,
  p99Ms: 1700,
  refused: 450,
  refusedP99Ms: 1300,
  slowestRefusalMs: 1400,
  failed: 0,
};
const points = [0.5, 1, 1.5, 2, 3, 4].map((times) => ({ times, seen: { ...seen, offered: 30 * times } }));

test("the curve has a row for each rate, and what is served is held against the capacity of its own round", () => {
  const { tables, targets, method } = report([{ capacity: 30, points }], 1);
  expect(tables[0]!.rows).toHaveLength(6);
  expect(tables[0]!.rows[3]).toEqual(["2x", "60.0", "30.0", "100 %", "450", "0", "800 ms", "1700 ms"]);
  expect(targets).toHaveLength(8);
  expect(targets.every(({ met }) => met)).toBe(true);
  expect(method).toContain("55 ms");
});

test("too little or too late is missed, by the median of the rounds", () => {
  const worse = points.map((point) => (point.times === 4 ? { times: 4, seen: { ...seen, served: 25, medianMs: 2000 } } : point));
  const missed = (rounds: Parameters<typeof report>[0]) =>
    report(rounds, rounds.length)
      .targets.filter(({ met }) => !met)
      .map(({ what, measured }) => `${what}: ${measured}`);
  expect(missed([{ capacity: 30, points: worse }])).toEqual([
    "served at 4 times the capacity: 83 %",
    "median at 4 times the capacity: 2000 ms",
  ]);
  expect(
    missed([
      { capacity: 30, points },
      { capacity: 30, points: worse },
      { capacity: 30, points },
    ]),
  ).toEqual([]);
});
