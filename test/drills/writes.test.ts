import { split, writes } from "../../drills/writes";

const lines = (...all: readonly (readonly [number, string])[]) => all.map(([at, said], n) => `${at} ${n + 1} ${said}`);
const there = (...numbers: readonly number[]) => new Set(numbers.map(String));

test("a writer's lines are a time, a number and what it was told", () => {
  expect(writes(["1000 1 yes", "1100 2 NOREPLICAS", "1200 3 "])).toEqual([
    { atMs: 1000, number: "1", yes: true, answer: "yes" },
    { atMs: 1100, number: "2", yes: false, answer: "NOREPLICAS" },
    { atMs: 1200, number: "3", yes: false, answer: "no answer" },
  ]);
});

const inside = { writes: writes(lines([9_000, "yes"], [11_000, "yes"], [13_000, "yes"], [14_000, "no"])), there: there(1) };
const outside = {
  writes: writes(lines([9_500, "yes"], [10_100, "yes"], [11_000, ""], [16_000, "yes"], [16_100, "yes"])),
  there: there(1, 4, 5),
};

test("the old master stopped before the new one began: never two at a time, and what was thrown away is counted", () => {
  expect(split({ actMs: 10_000, inside, outside: [outside] })).toEqual({
    inside: 2,
    insideGone: 2,
    insideLastSeconds: 3,
    outside: 2,
    outsideGone: 0,
    outsideFirstSeconds: 6,
    bothSeconds: 0,
  });
});

test("two masters at a time are told, by the earliest of all writers outside, and so is what the new one lost", () => {
  const early = { writes: writes(lines([10_500, ""], [11_500, "yes"])), there: there() };
  expect(split({ actMs: 10_000, inside, outside: [outside, early] })).toMatchObject({
    outside: 3,
    outsideGone: 1,
    outsideFirstSeconds: 1.5,
    bothSeconds: 1.5,
  });
});

test("a master that stops at once, and one that nobody follows", () => {
  const stopped = { writes: writes(lines([9_000, "yes"], [10_100, "no"])), there: there(1) };
  expect(split({ actMs: 10_000, inside: stopped, outside: [outside] })).toMatchObject({
    inside: 0,
    insideLastSeconds: undefined,
    bothSeconds: 0,
  });
  const refused = { writes: writes(lines([10_500, ""], [11_500, "READONLY"])), there: there() };
  expect(split({ actMs: 10_000, inside, outside: [refused] })).toMatchObject({ outside: 0, outsideFirstSeconds: undefined });
});
