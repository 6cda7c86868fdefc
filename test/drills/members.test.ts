import { markedDead, membersOf } from "../../drills/members";
import { ended, unchanged } from "../../drills/processes";

const CSV = `# pxname,svname,qcur,status,chkfail,chkdown,
social.example,web-1,0,UP,3,0,
social.example,web-2,0,UP 1/2,4,1,

`;

test("members and how often they were dead come from the columns that HAProxy names", () => {
  expect(membersOf(CSV)).toEqual([
    { name: "social.example/web-1", status: "UP", timesDead: 0 },
    { name: "social.example/web-2", status: "UP 1/2", timesDead: 1 },
  ]);
  expect(membersOf("")).toEqual([]);
});

test("a member that was dead in between is told, also when it is well again, and one that was dead before is not", () => {
  const before = membersOf(CSV);
  expect(markedDead(before, before)).toEqual({ said: "the front door marked no member dead" });
  const after = before.map((member) => ({ ...member, timesDead: 1 }));
  expect(markedDead(before, after)).toEqual({ said: "the front door marked dead: web-1", bad: true });
  const down = before.map((member, n) => (n === 1 ? { ...member, status: "DOWN" } : member));
  expect(markedDead(before, down)).toEqual({ said: "the front door marked dead: web-2", bad: true });
});

const unit = (name: string, pid: number) => `Id=${name} MainPID=${pid} ActiveState=active`;
const before = {
  "streaming-1": [unit("mastodon-streaming@4000.service", 10), unit("mastodon-streaming@4001.service", 11)].join("\n"),
};

test("processes that were started anew are counted by their units", () => {
  const after = {
    "streaming-1": [unit("mastodon-streaming@4000.service", 10), unit("mastodon-streaming@4001.service", 12)].join("\n"),
  };
  expect(ended(before, before, "mastodon-streaming")).toBe(0);
  expect(ended(before, after, "mastodon-streaming")).toBe(1);
  expect(ended(before, after, "nginx")).toBe(0);
  expect(ended(before, {}, "mastodon-streaming")).toBe(2);
  expect(unchanged(before, before)).toEqual({ said: "no process of 1 machines was started anew" });
  expect(unchanged(before, after)).toEqual({ said: "processes were started anew on streaming-1", bad: true });
});
