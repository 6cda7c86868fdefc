// Advice about the disks of kept machines, by how full they are and how fast they fill.

import { TOO_HIGH, TOO_LOW } from "./advice-limits";
import { growth, last, Point, seriesOf, timeFrom, worst } from "./advice-numbers";
import { keptTiers, told, Watch, WatchedMachines } from "./advice-page";
import { bytes, gibOf, moment, percent, up } from "./advice-words";
import { Advice, Change } from "./advised";

const DAY = 86_400;
/** A new size is to hold what these days bring. */
const DAYS_TO_HOLD = 90;
/** In fewer hours a vacuum or a backup looks like a trend. */
const LEAST_SECONDS = 6 * 3600;
const AIM = 0.5;
const COST =
  "grows the disk while its machine runs, and it never shrinks; where the cloud does not grow the file system too, run resize2fs on each machine";

const MOUNTS: Readonly<Record<string, string>> = {
  Postgres: "/var/lib/postgresql",
  Redis: "/var/lib/redis",
  Etcd: "/var/lib/etcd",
  Monitoring: "/var/lib/prometheus",
};

export function diskAdvice(watch: Watch): readonly Advice[] {
  return keptTiers(watch).flatMap((of) => {
    const mountpoint = MOUNTS[of.tier.kind];
    if (mountpoint === undefined || of.machines[0]!.disks.length === 0) return [];
    const labels = { tier: of.name, mountpoint };
    const [used, size] = [seriesOf(watch.numbers, "diskUsed", labels), seriesOf(watch.numbers, "diskSize", labels)];
    const about = `${of.name}, disk`;
    if (used === undefined || size === undefined)
      return [told({ kind: "unmeasured", about, seen: "there are no numbers of it" })];
    return [one(about, of, used, last(size))];
  });
}

function one(about: string, { tier, machines }: WatchedMachines, used: readonly Point[], size: number): Advice {
  const most = worst(used);
  const seconds = used[used.length - 1]![0] - used[0]![0];
  const daily = seconds < LEAST_SECONDS ? 0 : growth(used) * DAY;
  const days = daily <= 0 ? Infinity : (size - last(used)) / daily;
  const trend =
    daily >= size / 1000
      ? `it grows by ${bytes(daily)} a day${days < 1000 ? `, and is full in ${Math.max(0, Math.floor(days))} days at that rate` : ""}`
      : "it hardly grows";
  const seen = `${bytes(most.value)} of ${bytes(size)} were in use at most, ${percent(most.value / size)} (${moment(most.at)}); ${trend}`;
  if (timeFrom(used, TOO_HIGH.disk * size) === 0 && days >= TOO_LOW.diskDays) return told({ kind: "fine", about, seen });
  const from = machines[0]!.disks[0]!.gib;
  const full = up(gibOf(most.value) / AIM, 10);
  // It cannot shrink again, so a trend alone at most doubles it.
  const grown = Math.min(up(gibOf(last(used) + Math.max(0, daily) * DAYS_TO_HOLD), 10), 2 * from);
  const to = Math.max(full, grown, from + 1);
  const change: Change = {
    kind: tier.kind,
    path: tier.path,
    prop: "disk",
    from: `Disk.gib(${from})`,
    to: `Disk.gib(${to})`,
    cost: COST,
  };
  return told({ kind: "raise", about, seen, changes: [change] });
}
