// Alerts about streaming: processes that are down, WebSockets that are lost or receive nothing.

import { alert, ONCE_UP, orZero, RuleGroup, seen, WITH_MACHINE } from "./rule";
import { Watched } from "./watched";

/** With fewer, a loss of half of them is a matter of chance. */
const LEAST_CLIENTS = 20;
/** With as many, something new comes every few minutes. */
const MANY_CLIENTS = 100;

export function streamingRules({ streaming }: Watched): RuleGroup {
  const clients = "site:mastodon_streaming_connected_clients:sum";
  const before = `max_over_time(${clients}[5m])`;
  const all = [
    alert({
      name: "StreamingDown",
      expr: `${orZero('count(up{job="streaming"} == 1)')} == 0 ${seen('up{job="streaming"}')}`,
      for: "30s",
      severity: "critical",
      summary: "Timelines are not live: no streaming process answers",
      description: `The page has ${streaming}. Look at \`journalctl -u 'mastodon-streaming@*'\` on their machines, then at Redis and PgBouncer.`,
    }),
    alert({
      name: "StreamingProcessDown",
      expr: `up{job="streaming"} == 0 ${ONCE_UP} ${WITH_MACHINE}`,
      for: "30s",
      severity: "warning",
      summary: "Some timelines were cut and have connected again elsewhere",
      description:
        "The process on port {{ $labels.process }} of {{ $labels.instance }} does not answer. Look there at `journalctl -u mastodon-streaming@{{ $labels.process }}`.",
    }),
    alert({
      name: "StreamingClientsLost",
      expr: `${clients} < 0.5 * ${before} and ${before} > ${LEAST_CLIENTS}`,
      for: "30s",
      severity: "critical",
      summary: "Half of the open timelines or more are live no longer",
      description: "{{ $value }} WebSockets are left. Look at the front door and at the streaming processes.",
    }),
    alert({
      name: "StreamingSilent",
      expr: `site:mastodon_streaming_redis_messages_received:rate1m == 0 and ${clients} > ${MANY_CLIENTS}`,
      for: "5m",
      severity: "critical",
      summary: "Timelines are open, and nothing new comes",
      description:
        "Redis has sent no message to streaming for five minutes. Look at the queue `default` and at who is master of Redis.",
    }),
  ];
  return { name: "streaming", rules: streaming > 0 ? all : [] };
}
