import { Evidence, Listening, Post, Run, schedulersAtOnce, Verdict, verdict } from "../../drills/ledger";

const post: Post = { text: "run-1", sentAtMs: 10_000, acknowledgedAtMs: 10_100, servedBy: "web-1" };
const refused: Post = { text: "run-2", sentAtMs: 10_000, servedBy: "" };
const run: Run = { doneAtMs: 10_200, process: "sidekiq:1" };
const ears = (spans: Listening["spans"], ...heard: readonly string[]): Listening => ({
  name: "WebSocket 1",
  spans,
  heard: new Map(heard.map((text) => [text, [10_300]])),
});
const ALWAYS = [{ fromMs: 0, toMs: Infinity }];

const well: Evidence = {
  posts: [post],
  sockets: [ears(ALWAYS, "run-1")],
  stored: new Map([["run-1", 1]]),
  jobs: new Map([["run-1", [run]]]),
};
const good: Verdict = {
  acknowledged: 1,
  lost: [],
  twice: [],
  unacknowledged: 0,
  unacknowledgedThere: 0,
  jobsLost: [],
  jobsTwice: [],
  missedConnected: [],
  missedApart: 0,
  heardTwice: 0,
};

test("a post that is stored, distributed and heard once is well", () => {
  expect(verdict(well)).toEqual(good);
});

test("an acknowledged post that is not in the database is lost, and nothing else is said about it", () => {
  expect(verdict({ ...well, stored: new Map(), jobs: new Map(), sockets: [ears(ALWAYS)] })).toEqual({ ...good, lost: ["run-1"] });
});

test("a post that is stored twice is told, also one that was not acknowledged", () => {
  expect(verdict({ ...well, stored: new Map([["run-1", 2]]) })).toEqual({ ...good, twice: ["run-1"] });
  const more = { ...well, posts: [post, refused] };
  const stored = (times: number) => new Map([...well.stored, ["run-2", times] as const]);
  expect(verdict({ ...more, stored: stored(2) })).toEqual({
    ...good,
    unacknowledged: 1,
    unacknowledgedThere: 1,
    twice: ["run-2"],
  });
});

test("a post that was not acknowledged may exist or not", () => {
  const more = { ...well, posts: [post, refused] };
  expect(verdict(more)).toEqual({ ...good, unacknowledged: 1 });
  const there = { ...more, stored: new Map([...well.stored, ["run-2", 1] as const]) };
  expect(verdict(there)).toEqual({ ...good, unacknowledged: 1, unacknowledgedThere: 1 });
});

test("a job that was never done is lost, and its event is not missed as well", () => {
  expect(verdict({ ...well, jobs: new Map(), sockets: [ears(ALWAYS)] })).toEqual({ ...good, jobsLost: ["run-1"] });
});

test("a job that was done twice is told", () => {
  expect(verdict({ ...well, jobs: new Map([["run-1", [run, { ...run, process: "sidekiq:2" }]]]) })).toEqual({
    ...good,
    jobsTwice: ["run-1"],
  });
});

const missed = { socket: "WebSocket 1", text: "run-1", sentAtMs: 10_000 };

test("an event that did not come to a WebSocket that stood is missed", () => {
  expect(verdict({ ...well, sockets: [ears(ALWAYS)] })).toEqual({ ...good, missedConnected: [missed] });
});

test.each([
  ["it connected after the post was sent", { fromMs: 10_050, toMs: Infinity }],
  ["it had only just connected: the server may not have subscribed yet", { fromMs: 9_500, toMs: Infinity }],
  ["it was cut before the event was due", { fromMs: 0, toMs: 11_000 }],
  ["it was cut before the post was sent", { fromMs: 0, toMs: 9_000 }],
])("an event that passed while a WebSocket was away is counted apart: %s", (_why, span) => {
  expect(verdict({ ...well, sockets: [ears([span])] })).toEqual({ ...good, missedApart: 1 });
});

test("the event is due when the job was done, however late, and a WebSocket that connected again in between is not held to it", () => {
  const late = { ...well, jobs: new Map([["run-1", [{ ...run, doneAtMs: 60_000 }]]]) };
  const spans = [
    { fromMs: 0, toMs: 20_000 },
    { fromMs: 21_000, toMs: Infinity },
  ];
  expect(verdict({ ...late, sockets: [ears(spans)] })).toEqual({ ...good, missedApart: 1 });
  expect(verdict({ ...late, sockets: [ears(ALWAYS)] })).toEqual({ ...good, missedConnected: [missed] });
});

test("an event that was heard twice is counted", () => {
  const twice = { ...ears(ALWAYS), heard: new Map([["run-1", [10_300, 10_400]]]) };
  expect(verdict({ ...well, sockets: [twice] })).toEqual({ ...good, heardTwice: 1 });
});

test("schedulers one after the other are well, one that comes back is not", () => {
  const ticks = (...processes: readonly string[]) => processes.map((process, n) => ({ atMs: n * 1000, process }));
  expect(schedulersAtOnce(ticks("a", "a", "b", "b"))).toEqual([]);
  expect(schedulersAtOnce(ticks("a", "b", "a"))).toEqual(["a"]);
  expect(schedulersAtOnce([...ticks("a", "b", "b")].reverse())).toEqual([]);
  expect(schedulersAtOnce([])).toEqual([]);
});
