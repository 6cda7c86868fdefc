import { full, stepOf, thirdOf } from "../../drills/capacity";
import { flood } from "../../drills/flood";
import { Shot } from "../../drills/generator";
import { floodFindings } from "../../drills/overload";

const shot = (sentAtMs: number, tookMs: number, status = 200, retryAfter = status === 503): Shot => ({
  sentAtMs,
  endedAtMs: sentAtMs + tookMs,
  status,
  retryAfter,
});
/** So many a second from a time on, each of which takes so long. */
const stream = (perSecond: number, fromMs: number, toMs: number, tookMs: number, status = 200): readonly Shot[] =>
  Array.from({ length: ((toMs - fromMs) / 1000) * perSecond }, (_, n) =>
    shot(Math.round(fromMs + (n * 1000) / perSecond), tookMs, status),
  );

test("a step counts what was sent and what came within it, also what was sent before", () => {
  const shots = [shot(900, 200), shot(1000, 100), shot(1500, 100), shot(1900, 300), shot(1200, 50, 503), shot(2000, 10)];
  expect(stepOf(shots, { fromMs: 1000, toMs: 2000 })).toEqual({
    offered: 4,
    served: 3,
    medianMs: 100,
    p95Ms: 200,
    refused: 1,
  });
  expect(stepOf([], { fromMs: 0, toMs: 1000 })).toEqual({ offered: 0, served: 0, medianMs: 0, p95Ms: 0, refused: 0 });
});

test("a rate is too high once pages are refused, slow, or fewer than were asked for", () => {
  const step = { offered: 40, served: 40, medianMs: 50, p95Ms: 100, refused: 0 };
  expect(full(step, 40)).toBeUndefined();
  expect(full({ ...step, served: 32 }, 40)).toBeUndefined();
  expect(full({ ...step, p95Ms: 1000 }, 40)).toBeUndefined();
  expect(full({ ...step, served: 31.9 }, 40)).toBe("31.9 came of 40 pages a second");
  expect(full({ ...step, p95Ms: 1001 }, 40)).toBe("the 95th percentile was 1001 ms at 40");
  expect(full({ ...step, refused: 0.7 }, 40)).toBe("0.7 pages a second were refused at 40");
});

test("the load is a third of what the machine carries, never above the usual, and posts go with it", () => {
  const usual = { pagesPerSecond: 10, postsPerSecond: 2, sockets: 6 };
  const carries = (pagesPerSecond: number) => ({ pagesPerSecond, reached: true, said: "" });
  expect(thirdOf(carries(300), usual)).toEqual(usual);
  expect(thirdOf(carries(30), usual)).toEqual(usual);
  expect(thirdOf(carries(20), usual)).toEqual({ pagesPerSecond: 6.6, postsPerSecond: 1.32, sockets: 6 });
  expect(thirdOf(carries(0), usual)).toEqual({ pagesPerSecond: 0.5, postsPerSecond: 0.1, sockets: 6 });
});

const CAPACITY = { pagesPerSecond: 30, reached: true, said: "" };
const WINDOW = { fromMs: 0, toMs: 60_000 };

test("a flood counts the worst ten seconds of what was served, and how the rest was refused", () => {
  const shots = [
    ...stream(30, 0, 20_000, 100),
    ...stream(10, 20_000, 30_000, 100),
    ...stream(30, 30_000, 60_000, 100),
    ...stream(30, 0, 60_000, 1200, 503),
    shot(30_000, 10_000, 0, false),
    shot(31_000, 5, 503, false),
  ];
  expect(flood(shots, WINDOW)).toEqual({
    offered: 56.7,
    // The pages of the last tenth of a second come after the window.
    served: 26.6,
    // Three more come from the second before.
    leastServed: 10.2,
    medianMs: 100,
    p99Ms: 100,
    refused: 1800,
    refusedP99Ms: 1200,
    slowestRefusalMs: 1200,
    failed: 2,
  });
});

test("a flood shorter than ten seconds has no worst ten", () => {
  expect(flood(stream(10, 0, 5000, 10), { fromMs: 0, toMs: 5000 })).toMatchObject({ served: 10, leastServed: 0 });
});

const well = flood([...stream(30, 0, 60_000, 1), ...stream(30, 0, 60_000, 1500, 503)], WINDOW);
const bad = (seen: typeof well) =>
  floodFindings(seen, CAPACITY, 2)
    .filter((finding) => finding.bad === true)
    .map(({ said }) => said);

test("a flood that keeps its limits is well, and each limit is one of its own", () => {
  expect(bad(well)).toEqual([]);
  expect(bad({ ...well, served: 25.5, leastServed: 22.5, medianMs: 1999, refusedP99Ms: 1500 })).toEqual([]);
  expect(bad({ ...well, served: 25.4 })).toEqual([
    "2 times: 25.4 of 60 pages a second were served, 85 % of the capacity, and in the worst ten seconds 100 %",
  ]);
  expect(bad({ ...well, leastServed: 22.4 })).toHaveLength(1);
  expect(bad({ ...well, medianMs: 2000 })).toEqual(["median 2000 ms, 99th percentile 1 ms"]);
  expect(bad({ ...well, refusedP99Ms: 1501 })).toHaveLength(1);
  expect(bad({ ...well, failed: 1 })).toEqual(["1 failed in another way"]);
});

test("the numbers of a flood are named for the table of a repeated run", () => {
  expect(Object.assign({}, ...floodFindings(well, CAPACITY, 4).map(({ numbers }) => numbers ?? {}))).toEqual({
    "4 times, served, %": 100,
    "4 times, worst 10 s, %": 100,
    "4 times, median, ms": 1,
    "4 times, p99, ms": 1,
    "4 times, refusal p99, ms": 1500,
  });
});
