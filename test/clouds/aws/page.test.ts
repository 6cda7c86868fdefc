import { machine, machines, page, pool, problems, web } from "./page";

test("the page of the tests has no problem", () => {
  const { site } = page();
  web(site);
  pool(site, "jobs");
  machine(site, "tools");
  machines(site, "database", 3, "postgres");
  expect(problems(site)).toEqual([]);
});
