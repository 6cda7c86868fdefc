// Records which Sidekiq group processes which queue, and checks that all are covered: `worksOff(site, { by: group, queues, processes })`.

import { Construct } from "constructs";
import { Site } from "./site";
import { Queue, versionOf } from "./version";

/** A group of Sidekiq processes, on all its machines. */
export interface SidekiqProcesses {
  readonly by: Construct;
  readonly queues: readonly Queue[];
  readonly processes: number;
}

/** Registers a group of Sidekiq processes with the site. */
export function worksOff(site: Site, group: SidekiqProcesses): void {
  groupsOf(site).push(group);
}

/** Whether this page has the machine that prepares the database, which is the one with the queue `scheduler`. */
export function preparesDatabase(site: Site): boolean {
  return groupsOf(site).some((group) => group.queues.includes("scheduler"));
}

/** The groups of a site. The first call registers the check at synth. */
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
        remedy: "run scheduler in a group with one machine and one process: a second process would run every periodic job twice",
      });
    }
  }
  for (const group of schedulers.slice(1)) {
    problems.add(group.by, {
      wrong: `the queue scheduler belongs to ${schedulers[0]!.by.node.path} already`,
      remedy: "keep it in one of the two: a second process would run every periodic job twice",
    });
  }
  const known = versionOf(site).queues;
  // The group of a misspelt queue reports it; that queue is not reported as missing as well.
  if (groups.some(({ queues }) => queues.some((queue) => !known.includes(queue)))) return;
  const uncovered = known.filter(
    (queue) => !site.queuesElsewhere.includes(queue) && !groups.some((group) => group.queues.includes(queue)),
  );
  if (uncovered.length > 0) {
    problems.add(site, {
      wrong: `no SidekiqGroup has the queues ${uncovered.join(", ")}`,
      remedy: "add them to a SidekiqGroup, or list them in queuesElsewhere if an external Sidekiq has them",
    });
  }
}
