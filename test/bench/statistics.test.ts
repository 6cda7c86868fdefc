import { growth, median, ratioOfPairs, spread } from "../../bench/statistics";

test("the median is the middle one, or between the two in the middle, in whatever order they come", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(() => median([])).toThrow("no median");
});

test("a slow minute that hits both halves of a pair does not move the ratio", () => {
  const pairs = [
    { ours: 130, theirs: 100 },
    { ours: 1300, theirs: 1000 },
    { ours: 120, theirs: 100 },
  ];
  expect(ratioOfPairs(pairs)).toBe(1.3);
});

test("growth is 1 when ten times as much costs ten times as much above what is fixed", () => {
  expect(growth({ amount: 100, cost: 600 }, { amount: 1000, cost: 2500 }, 500)).toBe(2);
  expect(growth({ amount: 100, cost: 600 }, { amount: 1000, cost: 1500 }, 500)).toBe(1);
});

test("a spread has the least and the most", () => {
  expect(spread([1.25, 1.04, 1.11], 1)).toBe("1.0 – 1.3");
});
