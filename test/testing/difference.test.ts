import { difference } from "../../lib/testing/difference";

const HEADING = /^#/;
const lines = (...all: readonly string[]) => all.join("\n");

test.each([
  ["nothing", lines("#a", "1", "2"), lines("#a", "1", "2"), ""],
  ["a line more", lines("#a", "1", "new", "2"), lines("#a", "1", "2"), lines("@@ #a", " 1", "+new", "")],
  ["a line less, the first of its part", lines("#a", "2"), lines("#a", "1", "2"), lines("@@ #a", "-1", "")],
  ["another line", lines("0", "#a", "1", "3"), lines("0", "#a", "1", "2"), lines("@@ #a", " 1", "-2", "+3", "")],
  [
    "two changes of a part",
    lines("#a", "x", "2", "3", "y"),
    lines("#a", "1", "2", "3", "4"),
    lines("@@ #a", "-1", "+x", " 3", "-4", "+y", ""),
  ],
  ["a part more", lines("#a", "1", "#b", "2"), lines("#a", "1"), lines("+@@ #b", "+2", "")],
  ["a part less", lines("#b", "2"), lines("#a", "1", "#b", "2"), lines("-@@ #a", "")],
  ["parts in another order", lines("#b", "2", "#a", "1"), lines("#a", "1", "#b", "2"), lines("-@@ #a", "+@@ #a", "+1", "")],
  ["what is before the first heading", lines("1", "#a"), lines("2", "#a"), lines("@@ ", "-2", "+1", "")],
])("%s", (_, text, base, said) => {
  expect(difference(text, base, HEADING)).toBe(said);
});

test("lines that come before a change do not move it", () => {
  const change = (...more: readonly string[]) =>
    difference(lines(...more, "#a", "1", "3"), lines(...more, "#a", "1", "2"), HEADING);
  expect(change("#0", "a", "b")).toBe(change());
});
