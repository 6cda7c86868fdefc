import { DRILLS } from "../../drills/list";

test("a job may be done twice only where connections to the database are broken, and no drill says how many by itself", () => {
  expect(DRILLS.filter(({ breaksQueries }) => breaksQueries === true).map(({ name }) => name)).toEqual([
    "pgbouncer-restart",
    "pgbouncer-renewed",
    "pgbouncer-stopped",
    "postgres-restart",
    "postgres-switchover",
    "postgres-killed",
    "postgres-power",
    "postgres-cut",
    "postgres-cut-from-quorum",
    "postgres-cut-from-pooler",
    "postgres-frozen",
    "postgres-renewed",
    "postgres-away",
    "postgres-disk-full",
    "all-power",
  ]);
  expect(DRILLS.filter(({ limits }) => limits.jobsTwice !== 0)).toEqual([]);
});

test("only drills that take the primary, or its machine, from its users may change it", () => {
  expect(DRILLS.filter(({ movesPrimary }) => movesPrimary === true).map(({ name }) => name)).toEqual([
    "postgres-switchover",
    "postgres-killed",
    "postgres-power",
    "postgres-cut",
    "postgres-cut-from-quorum",
    "postgres-frozen",
    "postgres-renewed",
    "postgres-away",
    "postgres-disk-full",
    "all-power",
  ]);
});

test("no two drills have the same name", () => {
  const names = DRILLS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
