// What the tiers of one site must know of each other: who works off which queue, and who prepares the database.
// `fleet(site)` is made when the first application tier asks, and its checks run when the page is whole.

import { Construct } from "constructs";
import { Site } from "../core/site";
import { Queue, versionOf } from "./version";

export class Fleet {
  private readonly groups: { readonly by: Construct; readonly queues: readonly Queue[]; readonly processes: number }[] = [];

  constructor(private readonly site: Site) {
    site.problems.atSynth(() => this.check());
  }

  /** Tells of a group of Sidekiq processes. */
  add(by: Construct, queues: readonly Queue[], processes: number): void {
    this.groups.push({ by, queues, processes });
  }

  /** Whether this page makes the process that prepares the database: the scheduler's, of which there is exactly one. */
  get prepares(): boolean {
    return this.groups.some((group) => group.queues.includes("scheduler"));
  }

  private check(): void {
    const { problems } = this.site;
    const schedulers = this.groups.filter((group) => group.queues.includes("scheduler"));
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
    const elsewhere = this.site.queuesElsewhere;
    const known = versionOf(this.site).queues;
    // A misspelt one is told by its group, and is not to be missed besides.
    if (this.groups.some(({ queues }) => queues.some((queue) => !known.includes(queue)))) return;
    const uncovered = known.filter(
      (queue) => !elsewhere.includes(queue) && !this.groups.some((group) => group.queues.includes(queue)),
    );
    if (uncovered.length > 0) {
      problems.add(this.site, {
        wrong: `no Sidekiq works off ${uncovered.join(", ")}`,
        remedy: "add them to a SidekiqGroup, or name them in queuesElsewhere if processes outside this page do",
      });
    }
  }
}

const fleets = new WeakMap<Site, Fleet>();

export function fleet(site: Site): Fleet {
  const found = fleets.get(site) ?? new Fleet(site);
  fleets.set(site, found);
  return found;
}
