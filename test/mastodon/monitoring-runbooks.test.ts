import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AlertRule, Rule } from "../../lib/mastodon/monitoring/rule";
import { ruleGroups } from "../../lib/mastodon/monitoring/rules";
import { watched } from "../../lib/mastodon/monitoring/watched";
import { monitoringPage } from "./monitoring-page";

const isAlert = (rule: Rule): rule is AlertRule => "alert" in rule;
const page = {
  ...watched(monitoringPage().site),
  monitoring: ["monitoring-1", "monitoring-2"],
  external: { postgres: [], redis: [{ name: "jobs.example.net", use: "sidekiq", jobs: true }] },
};
const alerts = ruleGroups(page).flatMap(({ rules }) => rules.filter(isAlert));
const text = readFileSync(join(__dirname, "../../docs/runbooks.md"), "utf8");

test("every alert has its paragraph in the runbooks, and every paragraph is about an alert", () => {
  const paragraphs = [...text.matchAll(/^### (.+)$/gm)].map((match) => match[1]!);
  expect(paragraphs.toSorted()).toEqual([...new Set(alerts.map(({ alert }) => alert))].sort());
  expect(new Set(paragraphs).size).toBe(paragraphs.length);
});

test("every paragraph says what people notice, how to see it and what to do", () => {
  const parts = text.split(/^### /m).slice(1);
  const without = parts.filter((part) => !["**People notice**", "**See**", "**Do**"].every((word) => part.includes(word)));
  expect(without.map((part) => part.split("\n")[0])).toEqual(["Watchdog"]);
});

test("every alert has the URL of its paragraph, where the page says where the runbooks are", () => {
  const urls = (runbooks?: string) =>
    ruleGroups({ ...page, runbooks })
      .flatMap(({ rules }) => rules.filter(isAlert))
      .map(({ alert, annotations }) => [alert, annotations["runbook_url"]]);
  expect(urls("https://git.example/runbooks.md?plain=1")).toEqual(
    alerts.map(({ alert }) => [alert, `https://git.example/runbooks.md?plain=1#${alert.toLowerCase()}`]),
  );
  expect(urls()).toEqual(alerts.map(({ alert }) => [alert, undefined]));
  // Recorded series have no annotations.
  const recorded = ruleGroups({ ...page, runbooks: "https://git.example" }).flatMap(({ rules }) =>
    rules.filter((rule) => !isAlert(rule)),
  );
  expect(recorded.filter((rule) => "annotations" in rule)).toEqual([]);
});

test("links within the runbooks lead somewhere", () => {
  const anchors = [...text.matchAll(/^#+ (.+)$/gm)].map((match) => match[1]!.toLowerCase().replaceAll(" ", "-"));
  const linked = [...text.matchAll(/\]\(#([^)]+)\)/g)].map((match) => match[1]!);
  expect(linked.filter((anchor) => !anchors.includes(anchor))).toEqual([]);
});

test("every alert says who must act when, what people notice, and what to do", () => {
  const wrong = alerts.filter(({ labels, annotations }) => {
    const severity = ["critical", "warning", "none"].includes(labels["severity"] ?? "");
    const { summary = "", description = "" } = annotations;
    return !severity || !/^([A-Z]|\{\{|https:)/.test(summary) || summary.endsWith(".") || !description.endsWith(".");
  });
  expect(wrong.map(({ alert, annotations }) => [alert, annotations])).toEqual([]);
});
