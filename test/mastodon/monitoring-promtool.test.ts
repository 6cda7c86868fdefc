// Prometheus itself reads every expression of the overview page and of the dashboards.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dashboards, expressions } from "../../lib/mastodon/monitoring/dashboards";
import { overviewFacts } from "../../lib/mastodon/monitoring/overview/facts";
import { debianTool } from "../shared/debian-tools";
import { monitoringSite } from "./monitoring-site";

const facts = overviewFacts(monitoringSite().inventory.whole);
const room = mkdtempSync(join(tmpdir(), "expressions-"));
afterAll(() => rmSync(room, { recursive: true }));

test("all expressions can be parsed", () => {
  const all = expressions(facts);
  const rules = all.map((expr, n) => ({ record: `expression:${n}`, expr }));
  writeFileSync(join(room, "rules.yml"), JSON.stringify({ groups: [{ name: "expressions", rules }] }));
  const words = ["check", "rules", "rules.yml"];
  const said = execFileSync(debianTool("promtool", "promtool"), words, { cwd: room, encoding: "utf8" });
  expect(said).toContain(`SUCCESS: ${all.length} rules found`);
}, 300_000);

test("no expression of a dashboard or of the page is left out", () => {
  const known = expressions(facts);
  const inJson = [...JSON.stringify(dashboards(facts)).matchAll(/"expr":("(?:[^"\\]|\\.)*")/g)].map(
    ([, text]) => JSON.parse(text!) as string,
  );
  const filled = inJson.map((expr) => expr.replaceAll("$__rate_interval", "1m").replaceAll("$instance", ".*"));
  expect(filled.filter((expr) => !known.includes(expr))).toEqual([]);
  expect(Object.values(facts.queries).filter((expr) => !known.includes(expr))).toEqual([]);
  expect(new Set([...filled, ...Object.values(facts.queries)])).toEqual(new Set(known));
});
