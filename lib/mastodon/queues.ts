// Who works off which queue of Sidekiq, and who prepares the database: `worksOff(site, { by: group, queues, processes })`.

import { Construct } from "constructs";
import { Site } from "./site";
import { Queue, versionOf } from "./version";

/** A group of Sidekiq processes, over all its machines. */
export interface SidekiqProcesses {
  readonly by: Construct;
  readonly queues: readonly Queue[];
  readonly processes: number;
}

/** Has the site know a group of Sidekiq processes. */
export function worksOff(site: Site, group: SidekiqProcesses): void {
  groupsOf(site).push(group);
}

/** Whether this page makes the process that prepares the database: the scheduler's, of which there is exactly one. */
export function preparesDatabase(site: Site): boolean {
  return groupsOf(site).some((group) => group.queues.includes("scheduler"));
}

/** The groups of a site; the first who asks has the finished page checked. */
function groupsOf(site: Site): SidekiqProcesses[] {
  const known = site.shared;
  known.once("check of queues", () => site.problems.atSynth(() => check(site, known.sidekiqGroups)));
  return known.sidekiqGroups;
}

function check(site: Site, groups: readonly SidekiqProcesses[]): void {
  const { problems } = site;
  const schedulers = groups.filter((group) => group.queues.includes("scheduler"));
  for (const group of schedulers) {
    if (group.processes !== 1) {
      problems.add(group.by, {
        wrong: `it runs the queue scheduler in ${group.processes} processes`,
        remedy: "run scheduler in a group with one machine and one process: a second one would do every periodic job twice",
      });
    }
  }
  for (const group of schedulers.slice(1)) {
    problems.add(group.by, {
      wrong: `the queue scheduler is run by ${schedulers[0]!.by.node.path} already`,
      remedy: "keep it in one of the two: a second one would do every periodic job twice",
    });
  }
  const known = versionOf(site).queues;
  // A misspelt one is told by its group, and is not to be missed besides.
  if (groups.some(({ queues }) => queues.some((queue) => !known.includes(queue)))) return;
  const uncovered = known.filter(
    (queue) => !site.queuesElsewhere.includes(queue) && !groups.some((group) => group.queues.includes(queue)),
  );
  if (uncovered.length > 0) {
    problems.add(site, {
      wrong: `no Sidekiq works off ${uncovered.join(", ")}`,
      remedy: "add them to a SidekiqGroup, or name them in queuesElsewhere if processes outside this page do",
    });
  }
}
