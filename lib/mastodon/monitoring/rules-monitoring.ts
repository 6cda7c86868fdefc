// Alerts about Prometheus and Alertmanager themselves, and the one that always fires, so that silence means a fault.

import { alert, AlertRule, RuleGroup } from "./rule";
import { Watched } from "./watched";

export function monitoringRules({ monitoring }: Watched): RuleGroup {
  return { name: "monitoring", rules: [...ALWAYS, ...(monitoring.length > 1 ? several(monitoring.length) : [])] };
}

const ALWAYS: readonly AlertRule[] = [
  alert({
    name: "Watchdog",
    expr: "vector(1)",
    severity: "none",
    summary: "Always fires",
    description: "As long as it reaches the dead man's switch, rules are evaluated and alerts are sent.",
  }),
  alert({
    name: "PrometheusConfigRejected",
    expr: "prometheus_config_last_reload_successful == 0",
    for: "1m",
    severity: "warning",
    summary: "Changes of the page do not reach the alerts: Prometheus rejects its new settings",
    description: "`promtool check config /etc/prometheus/prometheus.yml` on {{ $labels.instance }} says why.",
  }),
  alert({
    name: "PrometheusRulesFail",
    expr: "increase(prometheus_rule_evaluation_failures_total[5m]) > 0",
    for: "1m",
    severity: "warning",
    summary: "Some faults would not be told: rules cannot be evaluated",
    description: "{{ $labels.rule_group }} on {{ $labels.instance }}. `journalctl -u prometheus` there says why.",
  }),
  alert({
    name: "PrometheusCannotStore",
    expr: "increase(prometheus_tsdb_compactions_failed_total[1h]) > 0 or increase(prometheus_tsdb_wal_writes_failed_total[1h]) > 0",
    severity: "warning",
    summary: "Past values are lost, and soon alerts: Prometheus cannot write to its disk",
    description: "Look on {{ $labels.instance }} at `journalctl -u prometheus`.",
  }),
  alert({
    name: "PrometheusWithoutAlertmanager",
    expr: "prometheus_notifications_alertmanagers_discovered < 1 or increase(prometheus_notifications_dropped_total[1m]) > 0",
    for: "1m",
    severity: "critical",
    summary: "Nobody hears of faults: Prometheus reaches no Alertmanager",
    description: "On {{ $labels.instance }} look at `systemctl status prometheus-alertmanager`.",
  }),
  alert({
    name: "AlertmanagerConfigRejected",
    expr: "alertmanager_config_last_reload_successful == 0",
    for: "1m",
    severity: "warning",
    summary: "Changes of receivers have no effect: Alertmanager rejects its new settings",
    description: "`amtool check-config /etc/prometheus/alertmanager.yml` on {{ $labels.instance }} says why.",
  }),
  alert({
    name: "AlertmanagerCannotSend",
    expr: "sum by (instance, integration) (increase(alertmanager_notifications_failed_total[5m])) > 0",
    for: "1m",
    severity: "critical",
    summary: "Not everybody hears of faults: alerts cannot be sent by {{ $labels.integration }}",
    description:
      "{{ $value | humanize }} attempts failed in five minutes. `journalctl -u prometheus-alertmanager` on {{ $labels.instance }} says why.",
  }),
];

function several(machines: number): readonly AlertRule[] {
  return [
    alert({
      name: "MonitoringMissing",
      expr: 'up{job=~"prometheus|alertmanager"} == 0',
      for: "1m",
      severity: "warning",
      summary: "Nobody notices yet; without the other monitoring machine nobody would hear of faults",
      description:
        "{{ $labels.job }} of {{ $labels.instance }} does not answer. Look there at `systemctl status prometheus prometheus-alertmanager`.",
    }),
    alert({
      name: "AlertmanagerPeersMissing",
      expr: `alertmanager_cluster_members < ${machines}`,
      for: "5m",
      severity: "warning",
      summary: "Each alert may come twice",
      description: `{{ $labels.instance }} sees {{ $value }} of ${machines} Alertmanagers. Look at the network between the monitoring machines.`,
    }),
  ];
}
