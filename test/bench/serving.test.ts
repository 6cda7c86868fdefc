import { report } from "../../bench/serving";

const load = (perSecond: number, medianMs: number, reached: number, processor: readonly [number, number, number]) => ({
  perSecond,
  answered: 100,
  failed: {},
  medianMs,
  p99Ms: medianMs * 2,
  reachedPuma: reached,
  processorMs: { nginx: processor[0], haproxy: processor[1], puma: processor[2] },
});

const kind = (what: string, spared: boolean, times: number, reached = 0) => ({
  what,
  path: "/",
  spared,
  headers: [],
  by: { Puma: [load(10, 80, 100, [0, 1, 9])], nginx: [load(10 * times, 1, reached, [1, 0, 0])] },
});

const calm = (straight: number, through: number) => ({
  third: 5,
  runs: 1,
  pairs: 1,
  calm: { Puma: [load(5, straight, 100, [0, 1, 9])], nginx: [load(5, through, 100, [0, 1, 9])] },
});

const missed = (...of: Parameters<typeof report>) =>
  report(...of)
    .targets.filter(({ met }) => !met)
    .map(({ what, measured }) => `${what}: ${measured}`);

const kinds = (times: number, reached = 0) => [
  kind("an asset", true, times, reached),
  kind("a page", true, times),
  kind("home", false, 1),
];

test("twenty times the pages and a fifth of the processor time meet the targets, and less does not", () => {
  expect(missed(kinds(20), calm(50, 51))).toEqual([]);
  expect(missed(kinds(19), calm(50, 51))).toEqual(["a page: requests a second: 19x"]);
  expect(missed(kinds(20, 1), calm(50, 51))).toEqual(["requests for an asset that reach Puma: 1.00 %"]);
});

test("a page that Puma makes may take 2 ms more, or 3 %, whichever is more", () => {
  const what = "median of a home timeline at a third of the capacity, above straight at Puma";
  expect(missed(kinds(20), calm(20, 22))).toEqual([]);
  expect(missed(kinds(20), calm(20, 22.5))).toEqual([`${what}: 2.5 ms (12.5 %)`]);
  expect(missed(kinds(20), calm(100, 103))).toEqual([]);
  expect(missed(kinds(20), calm(100, 104))).toEqual([`${what}: 4.0 ms (4.0 %)`]);
});
