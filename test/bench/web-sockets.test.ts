import { kernelKib } from "../../bench/kernel-memory";
import { costs, Moment, Program, report, Seen } from "../../bench/web-sockets";

const program = (kib: number, files = 20): Program => ({ processes: 2, kib, files, most: files, limit: 20_000 });

const moment = (kib: number, files: number): Moment => ({
  nginx: program(kib * 2, files),
  node: program(kib, files),
  haproxy: program(kib / 2),
  sockets: files,
  tracked: files,
  kernelKib: kib,
});

const seen: Seen = {
  through: 10_000,
  workers: 5,
  openSeconds: 100,
  before: moment(0, 20),
  idle: moment(400_000, 40_000),
  closed: moment(10_000, 60),
  held: { open: 20_000, refused: 0, lost: 0, heard: 0, lastMs: 0, reason: "" },
  heard: 20_000,
  lastMs: 3000,
};

const missed = (of: Seen) =>
  report(of)
    .targets.filter(({ met }) => !met)
    .map(({ what, measured }) => `${what}: ${measured}`);

test("a WebSocket costs its machine what nginx and Node got more, and three of the four sockets, or six through the front door", () => {
  expect(costs(seen)).toEqual({ nginx: 40, node: 20, kernel: 12, machine: 72, haproxy: 20 });
  expect(costs({ ...seen, through: 0 }).kernel).toBe(15);
});

test("what is lost, unheard, dear or left open is missed", () => {
  const cheap = { ...seen, idle: moment(200_000, 40_000) };
  expect(missed(cheap)).toEqual([]);
  expect(missed(seen)).toEqual(["memory of each on the streaming machine: 72.0 KiB"]);
  expect(missed({ ...cheap, heard: 19_999, held: { ...cheap.held, lost: 1 }, closed: moment(10_000, 71) })).toEqual([
    "open after 60 s: 20000, 1 lost",
    "reached by a post: 19999",
    "open files left once they are closed: 102",
  ]);
});

test("the record says how many went through the front door, where a computer limits open files", () => {
  expect(report(seen).method).toContain("may have more than 20000 open files, so 10000 went through the front door");
  expect(report({ ...seen, through: 20_000 }).method).not.toContain("may have more");
});

test("the kernel's memory is that of the slabs of caches for sockets, and a dentry of each", () => {
  const slabinfo = `slabinfo - version: 2.1
TCP                 1024   1040   2368   13    8 : tunables    0    0    0 : slabdata     80     80      0
filp                4180   4431    192   21    1 : tunables    0    0    0 : slabdata    211    211      0
dentry            502113 502446    192   21    1 : tunables    0    0    0 : slabdata  23926  23926      0
`;
  expect(kernelKib(slabinfo)).toBe(80 * 8 * 4 + 211 * 4 + 192);
});
