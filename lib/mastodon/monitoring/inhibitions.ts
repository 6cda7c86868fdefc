// Which alerts are not sent while another explains them: Alertmanager's `inhibit_rules`: `inhibitions(page)`.

import { PATH_OF_STREAMING } from "./probes";
import { ELSEWHERE } from "./rule";
import { Watched } from "./watched";

/** In Alertmanager's words: while an alert of the source fires, those of the target with the same values of `equal` are not sent. */
export interface Inhibition {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal?: readonly string[];
}

/** What people notice of pages, from whatever cause. */
const PAGES = ["FrontDoorFails", "WebErrors", "WebMemberFails", "WebRefuses", "WebQueues", "WebBusy", "PagesBudgetBurns"];
const POSTS = ["SidekiqQueueLate", "SidekiqRetriesGrow", "SidekiqDown", "SidekiqProcessesMissing", "PostsBudgetBurns"];
const STREAMING = ["StreamingDown", "StreamingProcessDown", "StreamingClientsLost", "StreamingSilent", "StreamingBudgetBurns"];
const POOLERS = ["PgBouncerWaits", "PgBouncerPoolFull"];
const TOO_FEW = ["PostgresStandbyMissing", "RedisReplicasMissing", "SentinelsMissing", "EtcdMemberMissing", "PgBouncerDown"];

/** What distinguishes alerts of the same name. */
const OWN = ["alertname", "instance", "pool", "tier", "queue", "use", "database", "mountpoint", "host", "path", "slo", "process"];

const any = (names: readonly string[]) => `alertname=~"${names.join("|")}"`;
const one = (name: string) => `alertname="${name}"`;
const but = (name: string) => `alertname!="${name}"`;

/** The rules of a page. */
export function inhibitions(page: Watched): readonly Inhibition[] {
  return [...pairs(page), ...onlyMachines(page)];
}

/** The only machine of a tier that all else needs explains what people notice. */
function onlyMachines({ tiers, redis }: Watched): readonly Inhibition[] {
  const needed = tiers.filter(({ tier, role, machines }) => {
    const holds = redis.some((one) => one.tier === tier && one.use !== "cache");
    return machines.length === 1 && (role === "postgres" || role === "pgbouncer" || holds);
  });
  if (needed.length === 0) return [];
  return [
    {
      source_matchers: [one("MachineDown"), `tier=~"${needed.map(({ tier }) => tier).join("|")}"`],
      target_matchers: [any([...PAGES, ...POSTS, ...STREAMING, ...POOLERS])],
    },
  ];
}

function pairs({ external }: Watched): readonly Inhibition[] {
  const own = (there: boolean) => (there ? [ELSEWHERE.not] : []);
  return [
    { source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: OWN },
    // A machine explains all that it runs, and what its tier has too few of.
    { source_matchers: [one("MachineDown")], target_matchers: [but("MachineDown")], equal: ["instance"] },
    {
      source_matchers: [one("MachineDown")],
      target_matchers: [any(TOO_FEW)],
      equal: ["tier"],
    },
    { source_matchers: [one("PoolEmpty")], target_matchers: [but("PoolEmpty")], equal: ["pool"] },
    { source_matchers: [one("PoolEmpty"), 'role="web"'], target_matchers: [any(["FrontDoorFails", "PagesBudgetBurns"])] },
    { source_matchers: [one("PoolEmpty"), 'role="streaming"'], target_matchers: [any(STREAMING)] },
    ...["PoolEmpty", "StreamingDown"].map((name) => ({
      source_matchers: [one(name), ...(name === "PoolEmpty" ? ['role="streaming"'] : [])],
      target_matchers: [one("FrontDoorFails"), `path="${PATH_OF_STREAMING}"`],
    })),
    { source_matchers: [one("StreamingDown")], target_matchers: [any(STREAMING.slice(1))] },
    {
      source_matchers: [one("DiskAlmostFull")],
      target_matchers: [any(["RedisCannotSave", "PostgresDown", "PrometheusCannotStore"])],
      equal: ["instance"],
    },
    { source_matchers: [one("DiskAlmostFull")], target_matchers: [one("DiskFillsSoon")], equal: ["instance", "mountpoint"] },
    // Without a primary nobody can write, and soon nobody read.
    {
      source_matchers: [
        any(["PostgresNoPrimary", "PostgresDown", "PgBouncerDown"]),
        'severity="critical"',
        ...own(external.postgres.length > 0),
      ],
      target_matchers: [any([...PAGES, ...POSTS, ...STREAMING, ...POOLERS])],
    },
    {
      source_matchers: [one("PostgresNoPrimary")],
      target_matchers: [any(["PostgresDown", "PostgresStandbyMissing"])],
      equal: ["tier"],
    },
    {
      source_matchers: [any(["RedisNoMaster", "RedisDown"]), 'severity="critical"', ...own(external.redis.length > 0)],
      target_matchers: [any([...PAGES, ...POSTS, ...STREAMING])],
    },
    {
      source_matchers: [one("RedisNoMaster")],
      target_matchers: [any(["RedisDown", "RedisReplicasMissing", "RedisRefuses"])],
      equal: ["use"],
    },
    {
      source_matchers: [one("EtcdNoLeader")],
      target_matchers: [any(["EtcdMemberMissing", "EtcdLeaderChanges"])],
      equal: ["etcd"],
    },
    { source_matchers: [one("WebRefuses")], target_matchers: [any(["WebErrors", "WebQueues", "WebBusy"])], equal: ["pool"] },
    {
      source_matchers: [one("SidekiqDown")],
      target_matchers: [any(["SidekiqQueueLate", "SidekiqProcessesMissing", "PostsBudgetBurns"])],
    },
  ];
}
