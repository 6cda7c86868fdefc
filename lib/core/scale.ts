// How many members a pool may have by its load: `new WebTier(site, "Web", { machines: 2, scale: { most: 6 }, …data })`.

import { Problem } from "./problems";
import { wrongNumber } from "./whole-number";

export interface Scale {
  /**
   * The most machines at the same time; `machines` is the least. Each is paid for while it is there, and connections to databases are counted with as
   * many. A change touches no machine that is needed.
   * @throws at synth if it is not a whole number from `machines` on, or more than the tier has addresses for
   */
  readonly most: number;
  /**
   * How busy processors are kept on average, in percent: above it the cloud adds machines, well below it removes some. A lower number leaves more
   * room for load that rises faster than a machine boots, in several minutes. A change touches no machine.
   * @default 60
   * @throws at synth if it is not a whole number from 10 to 90
   */
  readonly cpuPercent?: number;
}

/** How busy processors are kept if the page does not say it, in percent. */
const CPU_PERCENT = 60;

/** The scale with its defaults. */
export function wholeScale({ most, cpuPercent = CPU_PERCENT }: Scale): Required<Scale> {
  return { most, cpuPercent };
}

/**
 * Everything wrong with a scale of a pool.
 * @param room how many members have addresses; `further` says why
 */
export function wrongScale(scale: Scale, machines: number, room: number, further: string): readonly Problem[] {
  const { most, cpuPercent } = wholeScale(scale);
  const all = [
    wrongNumber("most of scale", most, { least: machines, most: room, further }),
    wrongNumber("cpuPercent of scale", cpuPercent, { least: 10, most: 90 }),
  ];
  return all.filter((one) => one !== undefined);
}
