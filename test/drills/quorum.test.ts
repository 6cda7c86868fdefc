import { votersOf } from "../../drills/quorum";

test("members of etcd are read as etcdctl prints them, with those that were added and never started", () => {
  const printed = `8e9e05c52164694d, started, redis-1, http://redis-1:2380, http://redis-1:2379, false
91bc3c398fb3c146, unstarted, , http://redis-3:2380, , false
`;
  expect(votersOf(printed)).toEqual([
    { id: "8e9e05c52164694d", name: "redis-1", started: true },
    { id: "91bc3c398fb3c146", name: "", started: false },
  ]);
  expect(votersOf("")).toEqual([]);
});
