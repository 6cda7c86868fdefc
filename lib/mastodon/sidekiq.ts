// Sidekiq processes for some queues: `new SidekiqGroup(site, "Push", { machines: 2, queues: { push: 6, pull: 1 }, threads: 25, ...data })`.

import { Construct } from "constructs";
import { Env } from "../core/env";
import { Pool } from "../core/pool";
import { Size } from "../core/size";
import { ExtraEnv } from "./setting";
import { Site } from "./site";
import { wholeNumber, wrongNumber } from "../core/whole-number";
import { imageOf } from "./images";
import { filesVolumes } from "./media";
import { outgoingMail } from "./outgoing-mail";
import { MOST_PROCESSES, sidekiqOf } from "./process-count";
import { TierEnv } from "./process-env";
import { sidekiq, unitOf } from "./programs/sidekiq";
import { preparesDatabase, worksOff } from "./queues";
import { Data, DATABASE_TASK, readsReplica, rubyEnv, SCHEDULER_LOCK } from "./ruby";
import { secret } from "./secrets";
import { Queue, versionOf } from "./version";

export interface SidekiqGroupProps extends Data {
  /**
   * The queues, as for Sidekiq's `-q`. A map, as in `{ default: 8, push: 6 }`, is weighted: of 14 fetches, 8 look into `default` first, 6 into
   * `push`; so a flood in one queue does not block the others. Mastodon's own weights are default 8, push 6, ingress 4, mailers 2, pull 1,
   * scheduler 1, fasp 1. A list, as in `["default", "push"]`, is a strict order: jobs of a queue run only while all queues before it are empty, so a
   * flood in one blocks those after it. `scheduler` may be in one group of the site only, with one machine and one process. A change replaces the
   * machines.
   */
  readonly queues: readonly Queue[] | Readonly<Partial<Record<Queue, number>>>;
  /**
   * The number of machines. A change adds or removes machines; the others stay as they are.
   * @default 1
   */
  readonly machines?: number;
  /**
   * Processes per machine. A process uses at most one CPU, so more processes than CPUs have no benefit. Each needs `threads` database connections, and
   * 300 MiB and 10 MiB more for each thread. A change replaces the machines.
   * @default - one per CPU, as far as the memory allows; one if it has the queue `scheduler`, or with `prometheus()` without a collector
   */
  readonly processes?: number;
  /**
   * Threads of each process, each with a database connection. Operators report no benefit above 25 to 30 per process. Use fewer for jobs that need the
   * processor rather than wait, such as those of `ingress`. A change replaces the machines.
   * @default - 25, or as many as the memory allows, 5 at least: with 1 GiB 21, with 0.5 GiB 5
   */
  readonly threads?: number;
  /**
   * The size of each machine. A change replaces the machines.
   * @default Size.of({ cpus: 1, gib: 2 })
   */
  readonly size?: Size;
  /**
   * Variables of these processes that no other prop sets; the database task gets those that it reads. A change replaces the machines.
   * @default - none
   */
  readonly extraEnv?: ExtraEnv;
  /**
   * The tier's position in the address range of its role. A change replaces the machines.
   * @default - from the tier's name
   */
  readonly slot?: number;
}

export class SidekiqGroup extends Construct {
  readonly pool: Pool;
  /** The environment of each of its processes. */
  readonly env: Env;
  /** The environment of the database task, on the machine that runs the scheduler. */
  readonly taskEnv: Env | undefined;

  constructor(scope: Construct, id: string, props: SidekiqGroupProps) {
    super(scope, id);
    const site = Site.of(this);
    const name = site.nameOf(this);
    const machines = props.machines ?? 1;
    const size = props.size ?? Size.of({ cpus: 1, gib: 2 });
    const weights = props.queues instanceof Array ? undefined : (props.queues as Readonly<Partial<Record<Queue, number>>>);
    const queues = weights === undefined ? (props.queues as readonly Queue[]) : (Object.keys(weights) as Queue[]);
    this.checkQueues(site, queues, weights);
    const scheduler = queues.includes("scheduler");
    const version = versionOf(site);
    this.pool = new Pool(this, "Hosts", {
      name,
      role: "sidekiq",
      range: site.range(this, "sidekiq", name, props.slot),
      machines,
      size,
      // A lock prevents two schedulers at the same time, so a new machine would not become ready while the old one runs.
      roll: scheduler ? "stop-first" : "start-first",
    });
    const tier: TierEnv = { extraEnv: props.extraEnv, processes: scheduler ? ["sidekiq", "task"] : ["sidekiq"] };
    this.env = rubyEnv(this.pool, "sidekiq", this, props, tier);
    const alone = scheduler || this.servesMetrics;
    const threads = wholeNumber(site.problems, this, "threads", props.threads ?? sidekiqOf(size).threads, {
      least: 1,
      most: 200,
    });
    const fitting = sidekiqOf(size, { threads, alone }).processes;
    const limits = { least: 1, most: MOST_PROCESSES.sidekiq };
    const processes = wholeNumber(site.problems, this, "processes", props.processes ?? fitting, limits);
    this.env.set("DB_POOL", threads, this);
    worksOff(site, { by: this, queues, processes: machines * processes });
    const reads = props.replicaUrl === undefined && readsReplica("sidekiq", version);
    props.database.expects(this, { processes: machines * processes, each: threads, reads, doubles: !scheduler });
    for (const clients of scheduler ? [DATABASE_TASK, SCHEDULER_LOCK] : []) props.database.direct.expects(this, clients);
    this.taskEnv = scheduler ? databaseTaskEnv(rubyEnv(this.pool, "task", this, props, tier), site, this) : undefined;
    this.checkMetrics(site, processes);
    const why = `works off ${queues.join(", ")}${scheduler ? ", and prepares the database" : ""}`;
    site.inventory.tier(this, { kind: "SidekiqGroup", why });
    for (let n = 1; n <= processes; n++)
      this.pool.runs(this, { unit: unitOf(n), what: "sidekiq", facts: { queues, threads, scheduler } });
    sidekiq(this.pool.program, {
      image: imageOf(site, "mastodon", this),
      env: this.env,
      volumes: [
        ...filesVolumes(this.pool, this, this.env),
        // Only this queue sends mail.
        ...(queues.includes("mailers") ? outgoingMail(this.pool, this, this.env) : []),
      ],
      processes,
      threads,
      queues: queues.map((queue) => (weights === undefined ? queue : `${queue},${weights[queue]}`)),
      version,
      readyFile: !version.isBefore("4.3"),
      // Up to 4.2 `db:prepare` does not create the default roles in a database that exists but is empty.
      prepare: this.taskEnv && {
        env: this.taskEnv,
        task: version.isBefore("4.3") ? "db:migrate:setup" : "db:prepare",
        admin: props.database.direct.admin,
      },
      waits: () => preparesDatabase(site),
    });
  }

  private checkQueues(site: Site, queues: readonly Queue[], weights: Readonly<Partial<Record<Queue, number>>> | undefined): void {
    const version = versionOf(site);
    const unknown = queues.filter((queue) => !version.queues.includes(queue));
    if (queues.length === 0 || unknown.length > 0) {
      site.problems.add(this, {
        wrong: queues.length === 0 ? "queues is empty" : `queues names ${unknown.join(", ")}`,
        remedy: `Mastodon ${site.version} has ${version.queues.join(", ")}`,
      });
    }
    for (const [queue, weight] of Object.entries(weights ?? {})) {
      site.problems.add(this, wrongNumber(`the weight of ${queue}`, weight, { least: 1 }));
    }
  }

  /** Whether each process serves its metrics itself, on one port of the machine. */
  private get servesMetrics(): boolean {
    return this.env.all["MASTODON_PROMETHEUS_EXPORTER_LOCAL"] !== undefined;
  }

  private checkMetrics(site: Site, processes: number): void {
    if (!this.servesMetrics || processes === 1) return;
    site.problems.add(this, {
      wrong: `processes is ${processes}, and each would serve metrics on the same port of the machine`,
      remedy: "use one process per machine, or give prometheus() a collector",
    });
  }
}

function databaseTaskEnv(env: Env, site: Site, by: Construct): Env {
  // A migration of 2024 decrypts second factors with it. It runs when a server of 4.2 is upgraded to 4.4 or later in one step.
  if (!versionOf(site).isBefore("4.4")) env.set("OTP_SECRET", secret(site, "otp_secret"), by);
  // A migration that waits for a table lock blocks all later queries on that table. So it gives up after 5 s, and the task starts again 5 s later.
  return env.all["PGOPTIONS"] === undefined ? env.set("PGOPTIONS", "-c lock_timeout=5s", by) : env;
}
