import { moved } from "../../drills/leader";
import { alonePart, hasPatroni, told } from "../../drills/parts";

const patroni = (role: string, more = "") => `{"state": "running", "role": "${role}", ${more}"patroni": {"scope": "database"}}`;

test("a primary is who Patroni names so to those who write, and a standby in step who says that it is in time", () => {
  expect(told([patroni("primary", '"timeline": 3, '), "primary=200", "replica=503", "in-time", ""].join("\n"))).toEqual({
    role: "primary",
    timeline: 3,
    serves: true,
    reads: false,
    inStep: false,
  });
  expect(told([patroni("replica", '"timeline": 3, '), "primary=503", "replica=200", "in-time", ""].join("\n"))).toEqual({
    role: "standby",
    timeline: 3,
    serves: false,
    reads: true,
    inStep: true,
  });
});

test("a primary that has lost its lease serves nobody, and a standby that lags or takes no reads is sent none", () => {
  expect(told([patroni("primary", '"timeline": 3, '), "primary=503", "replica=503", "in-time"].join("\n"))).toMatchObject({
    role: "primary",
    serves: false,
  });
  expect(told([patroni("replica"), "primary=503", "replica=200"].join("\n"))).toMatchObject({ reads: false, inStep: false });
  expect(told([patroni("replica"), "primary=503", "replica=503", "in-time"].join("\n"))).toMatchObject({
    reads: false,
    inStep: true,
  });
});

test("a Patroni that does not answer, or not to the end, has no part", () => {
  const none = { role: "", timeline: undefined, serves: false, reads: false, inStep: false };
  expect(told("\nprimary=000\nreplica=000\n")).toEqual(none);
  expect(told('{"state": "running", "role": "prim\nprimary=000\nreplica=000\n')).toEqual(none);
});

test("PostgreSQL without Patroni tells its part itself", () => {
  expect(alonePart("f|2\n")).toEqual({ role: "primary", timeline: 2, serves: true, reads: false, inStep: false });
  expect(alonePart("t|2\n")).toMatchObject({ role: "standby", serves: false });
  expect(alonePart("")).toEqual({ role: "", timeline: undefined, serves: false, reads: false, inStep: false });
  const unit = (name: string) => ({ units: [{ unit: name, what: "postgres", tier: "local/Social/Database", facts: {} }] });
  expect([hasPatroni(unit("patroni.service")), hasPatroni(unit("postgresql@17-main.service"))]).toEqual([true, false]);
});

test("a drill that is not about the primary must leave it the one that it was, without a promotion in between", () => {
  const before = { name: "database-1", timeline: 3 };
  expect(moved(before, before)).toBeUndefined();
  expect(moved(undefined, undefined)).toBeUndefined();
  expect(moved(before, { name: "database-2", timeline: 4 })).toEqual({
    said: "PostgreSQL's primary moved from database-1 to database-2, which this must not cause",
    bad: true,
  });
  expect(moved(before, { name: "database-1", timeline: 4 })).toEqual({
    said: "database-1 lost its part as PostgreSQL's primary and got it again (timeline 3, then 4), which this must not cause",
    bad: true,
  });
  expect(moved(before, undefined)).toEqual({ said: "database-1 was primary before, and no PostgreSQL is now", bad: true });
});
