// Alerts about pages: the front door as seen from outside, certificates, and Puma with its queue on the web machines.

import { alert, AlertRule, RuleGroup } from "./rule";
import { Watched } from "./watched";

export function webRules({ hosts, web, limits }: Watched): RuleGroup {
  return {
    name: "web",
    rules: [...(hosts.length > 0 ? frontDoor(limits.certificateDays) : []), ...(web.length > 0 ? PUMA : [])],
  };
}

const frontDoor = (days: number): readonly AlertRule[] => [
  alert({
    name: "FrontDoorFails",
    expr: 'max by (host, path) (probe_success{job="front-door"}) == 0',
    for: "30s",
    severity: "critical",
    summary: "https://{{ $labels.host }} cannot be used",
    description: "https://{{ $labels.host }}{{ $labels.path }} does not answer with 200. Look at the pool behind it.",
  }),
  alert({
    name: "CertificateExpires",
    expr: `min by (host) (probe_ssl_earliest_cert_expiry{job="front-door"} - time()) / 86400 < 3`,
    for: "1m",
    severity: "critical",
    summary: "In a few days browsers refuse the certificate of https://{{ $labels.host }}",
    description: "It is valid for {{ $value | humanize }} more days. Renew it now.",
  }),
  alert({
    name: "CertificateExpires",
    expr: `min by (host) (probe_ssl_earliest_cert_expiry{job="front-door"} - time()) / 86400 < ${days}`,
    for: "1h",
    severity: "warning",
    summary: "The certificate of https://{{ $labels.host }} was not renewed",
    description: "It is valid for {{ $value | humanize }} more days. Look why the cloud, or you, did not renew it.",
  }),
];

const errors = (by: string) =>
  `sum by (${by}) (rate(haproxy_backend_http_responses_total{proxy="puma",code="5xx"}[1m])) / ` +
  `sum by (${by}) (rate(haproxy_backend_http_requests_total{proxy="puma"}[1m]))`;

const PUMA: readonly AlertRule[] = [
  alert({
    name: "WebRefuses",
    expr: 'sum by (pool) (rate(haproxy_backend_requests_denied_total{proxy="puma"}[1m])) > 0',
    for: "30s",
    severity: "critical",
    summary: "People get the page `Busy`: more requests come than {{ $labels.pool }} can answer",
    description:
      "{{ $value | humanize }} requests a second are refused. Look whether PostgreSQL and Redis are slow; otherwise raise `machines` of {{ $labels.pool }}.",
  }),
  alert({
    name: "WebErrors",
    expr: `${errors("pool")} > 0.05`,
    for: "30s",
    severity: "critical",
    summary: "Pages of {{ $labels.pool }} end in an error",
    description:
      "{{ $value | humanizePercentage }} of the requests. Look at `journalctl -u mastodon-web` on a web machine, and at PgBouncer, PostgreSQL and Redis.",
  }),
  alert({
    name: "WebMemberFails",
    expr: `${errors("instance, pool")} > 0.5`,
    for: "30s",
    severity: "warning",
    summary: "Some pages end in an error: those that {{ $labels.instance }} answers",
    description:
      "{{ $value | humanizePercentage }} of its requests. `ready` on it says what it waits for; if nothing does, replace it.",
  }),
  alert({
    name: "WebQueues",
    expr: "min_over_time(pool:mastodon_web_waiting:sum[1m]) > 0",
    for: "30s",
    severity: "warning",
    summary: "Pages are slow: requests wait for a thread of Puma in {{ $labels.pool }}",
    description:
      "{{ $value }} at least have waited all the time in the last minute. Look whether PostgreSQL is slow; otherwise raise `machines` of {{ $labels.pool }}.",
  }),
  alert({
    name: "WebBusy",
    expr: "pool:mastodon_web_busy_threads:sum / pool:mastodon_web_threads:sum > 0.85",
    for: "5m",
    severity: "warning",
    summary: "Pages will soon be slow: almost all threads of Puma in {{ $labels.pool }} are busy",
    description: "{{ $value | humanizePercentage }} of the threads. Raise `machines` or `threads` of {{ $labels.pool }}.",
  }),
  alert({
    name: "WebMemberUnused",
    // A new member has had none yet.
    expr:
      'rate(haproxy_backend_http_requests_total{proxy="puma"}[5m]) == 0 and haproxy_backend_http_requests_total > 0 ' +
      "and on (pool) pool:mastodon_web_requests:rate5m > 1",
    for: "5m",
    severity: "warning",
    summary: "{{ $labels.instance }} gets no requests, so the others have its share",
    description: "The front door has taken it out. `ready` on it says what it waits for; if nothing does, replace it.",
  }),
];
