// Whether the site of a program is monitored, for programs that differ then: `isMonitored(program)`. A page may have its `Monitoring` in the last
// line, so this is to be asked at synth only, in contents that are functions. And what a program tells for its exporters.

import { Part, Program } from "../../core/program";

/** What has metrics on a host although the inventory does not name it. */
export type Further = "haproxy" | "nginx";

interface Watched {
  monitored: () => boolean;
  readonly further: Set<Further>;
}

const WATCHED = new Part((): Watched => ({ monitored: () => false, further: new Set() }));

/** Says how to find out whether the program's site is monitored. */
export function monitoredIf(program: Program, monitored: () => boolean): void {
  program.part(WATCHED).monitored = monitored;
}

export function isMonitored(program: Program): boolean {
  return program.part(WATCHED).monitored();
}

/** Tells that the program runs it. */
export function hasMetrics(program: Program, what: Further): void {
  program.part(WATCHED).further.add(what);
}

/** What the program runs besides the units in the inventory. */
export function furtherMetrics(program: Program): ReadonlySet<Further> {
  return program.part(WATCHED).further;
}
