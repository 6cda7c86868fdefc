import { DRILLS } from "../../drills/list";

test("a job may be done twice only where connections to the database are broken, and no drill says how many by itself", () => {
  expect(DRILLS.filter(({ breaksQueries }) => breaksQueries === true).map(({ name }) => name)).toEqual([
    "pgbouncer-restart",
    "pgbouncer-renewed",
    "pgbouncer-stopped",
    "postgres-restart",
    "postgres-renewed",
    "postgres-away",
    "postgres-lost",
    "postgres-cut",
    "postgres-disk-full",
    "all-power",
  ]);
  expect(DRILLS.filter(({ limits }) => limits.jobsTwice !== 0)).toEqual([]);
});

test("no two drills have the same name", () => {
  const names = DRILLS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
