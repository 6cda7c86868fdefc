// Prometheus' rule file for a page: `rules(watched(site, alerts))`. Names, numbers and limits in it are those of the page.

import { stringify } from "yaml";
import { Rule, RuleGroup } from "./rule";
import { runbookUrl } from "./runbook";
import { etcdRules } from "./rules-etcd";
import { machineRules, memberSeries } from "./rules-machines";
import { monitoringRules } from "./rules-monitoring";
import { poolerRules } from "./rules-poolers";
import { postgresRules } from "./rules-postgres";
import { recordingRules } from "./rules-recording";
import { redisRules } from "./rules-redis";
import { sidekiqRules } from "./rules-sidekiq";
import { objectiveRules } from "./rules-slo";
import { streamingRules } from "./rules-streaming";
import { usedSeries } from "./rules-used";
import { webRules } from "./rules-web";
import { Watched } from "./watched";

/** The groups of all rules of a page. */
export function ruleGroups(page: Watched): readonly RuleGroup[] {
  return [
    ...recordingRules(page),
    usedSeries(page),
    memberSeries(page),
    ...objectiveRules(page),
    machineRules(page),
    webRules(page),
    streamingRules(page),
    sidekiqRules(page),
    postgresRules(page),
    ...page.poolers.map(poolerRules),
    ...page.etcd.map(etcdRules),
    redisRules(page),
    monitoringRules(page),
  ]
    .filter((group) => group.rules.length > 0)
    .map((group) => ({ ...group, rules: group.rules.map((rule) => withRunbook(rule, page.runbooks)) }));
}

function withRunbook(rule: Rule, runbooks: string | undefined): Rule {
  if (runbooks === undefined || !("alert" in rule)) return rule;
  return { ...rule, annotations: { ...rule.annotations, runbook_url: runbookUrl(runbooks, rule.alert) } };
}

/** The rule file, as YAML with little indentation: it is a part of a boot text, whose size clouds limit. */
export function rules(page: Watched, groups = ruleGroups(page)): string {
  return stringify({ groups }, { lineWidth: 0, blockQuote: false, indent: 1, indentSeq: false, aliasDuplicateObjects: false });
}
