import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Disk, wrongSize } from "../../lib/core/size";
import { wrongNumber } from "../../lib/core/whole-number";

test.each([
  [1, undefined],
  [64, undefined],
  [0, "use a whole number from 1 to 64"],
  [65, "use a whole number from 1 to 64"],
  [2.5, "use a whole number from 1 to 64"],
  [NaN, "use a whole number from 1 to 64"],
  [Infinity, "use a whole number from 1 to 64"],
])("%p threads", (value, remedy) => {
  const wrong = wrongNumber("threads", value, { least: 1, most: 64 });
  expect(wrong).toEqual(remedy && { wrong: `threads is ${value}`, remedy });
});

test("without a most any whole number from the least is right, and the remedy may go on", () => {
  expect(wrongNumber("cpus", 1_000_000, { least: 1 })).toBeUndefined();
  expect(wrongNumber("cpus", Infinity, { least: 1, further: "; or none" })?.remedy).toBe("use a whole number from 1; or none");
  expect(wrongSize(Disk.gib(0))).toEqual({ wrong: "gib of its disk is 0", remedy: "use a whole number from 1" });
});

test("nothing else in lib checks whole numbers", () => {
  const lib = join(__dirname, "../../lib");
  const own = readdirSync(lib, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && file !== "core/whole-number.ts")
    .filter((file) => /is(Safe)?Integer|["`]use a whole number/.test(readFileSync(join(lib, file), "utf8")));
  expect(own).toEqual([]);
});
