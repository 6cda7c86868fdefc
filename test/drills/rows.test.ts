import { agreedOf } from "../../drills/patroni";
import { anotherAfter, bothAcknowledged, longestGap, lostOf, refusals, rowsOf } from "../../drills/rows";
import { primariesAtOnce, samplesOf } from "../../drills/watch";

const OLD = "10.20.0.11";
const NEW = "10.20.0.12";
const rows = rowsOf([
  `1000 1 yes ${OLD}`,
  `1300 2 yes ${OLD}`,
  "3300 3 no-answer",
  "5300 4 query-wait-timeout",
  "7300 5 no-answer",
  `9300 6 yes ${NEW}`,
  `9600 7 yes ${NEW}`,
]);

test("a writer's lines say who acknowledged, or why nobody did", () => {
  expect(rows.slice(1, 3)).toEqual([
    { atMs: 1300, number: "2", yes: true, answer: "yes", by: OLD },
    { atMs: 3300, number: "3", yes: false, answer: "no-answer", by: undefined },
  ]);
  expect(refusals(rows)).toEqual(["no-answer", "query-wait-timeout"]);
});

test("the longest gap is that between two acknowledgements, also where it began before the act", () => {
  expect(longestGap(rows, 1500)).toEqual({ fromMs: 1300, seconds: 8 });
  expect(longestGap(rows, 9500)).toEqual({ fromMs: 9300, seconds: 0.3 });
  expect(longestGap(rows.slice(0, 5), 1500)).toBeUndefined();
});

test("a failover is over with the first row of another primary, not with the last of the old one", () => {
  expect(anotherAfter(rows, 1200, OLD)).toBe(8.1);
  expect(anotherAfter(rows.slice(0, 5), 1200, OLD)).toBeUndefined();
});

test("what the old primary acknowledges after the new one has begun is told, whoever wrote it", () => {
  expect(bothAcknowledged(rows, [OLD, "local"])).toEqual({ count: 0, seconds: 0 });
  const inside = rowsOf(["5000 1 yes local", "9400 2 yes local", "10500 3 yes local", "10700 4 refused"]);
  expect(bothAcknowledged([...rows, ...inside], [OLD, "local"])).toEqual({ count: 2, seconds: 1.2 });
  expect(bothAcknowledged(inside, [OLD, "local"])).toEqual({ count: 0, seconds: 0 });
});

test("a row is lost if it was acknowledged and is not there", () => {
  expect(lostOf(rows, new Set(["1", "3", "6", "7"])).map(({ number }) => number)).toEqual(["2"]);
});

const says = (machine: string, ...answers: readonly (readonly [number, number])[]) =>
  samplesOf(
    machine,
    answers.map(([atMs, code]) => `${atMs - 20} ${atMs} ${code}`),
  );

test("one primary after the other is none too many, and two at once are told", () => {
  const first = says("database-1", [1000, 200], [1300, 200], [1600, 503], [1900, 503]);
  expect(primariesAtOnce([...first, ...says("database-2", [1000, 503], [1400, 200], [1700, 200])])).toEqual([]);
  expect(primariesAtOnce([...first, ...says("database-2", [1000, 503], [1200, 200], [1500, 200])])).toEqual([
    { machines: ["database-1", "database-2"], seconds: 0.1 },
  ]);
});

test("of a machine that stood still nothing is known, and an answer that took longer is none", () => {
  const frozen = says("database-1", [1000, 200], [31_000, 503]);
  const other = says("database-2", [21_000, 200], [31_200, 200]);
  expect(primariesAtOnce([...frozen, ...other])).toEqual([]);
  expect(
    primariesAtOnce([...says("database-1", [1000, 200], [31_000, 200]), ...says("database-2", [30_900, 200], [31_100, 200])]),
  ).toEqual([{ machines: ["database-1", "database-2"], seconds: 0 }]);
  expect(samplesOf("database-1", ["1000 31000 200", "31000 31020 503"])).toEqual([
    { machine: "database-1", atMs: 31_020, primary: false },
  ]);
});

test("users may wait for the lease and 8 s, and only a synchronous cluster may lose nothing", () => {
  expect(agreedOf({ ttl: 20, synchronous_mode: false }, 5)).toEqual({
    ttlSeconds: 20,
    limitSeconds: 33,
    synchronous: false,
    limits: { failuresWithinSeconds: 28, withoutPostSeconds: 28, postsLost: Infinity },
  });
  expect(agreedOf({ ttl: 30, synchronous_mode: true }, 0).limits).toEqual({
    failuresWithinSeconds: 38,
    withoutPostSeconds: 38,
    postsLost: 0,
  });
});
