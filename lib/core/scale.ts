// How many members a pool may have by its load: `new WebTier(site, "Web", { machines: 2, scale: { most: 6, usedPercent: 60 }, …data })`.

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
  /**
   * How much of what the machines can carry is kept in use on average, in percent: of web machines Puma's threads, of streaming machines the WebSockets
   * for which each is meant. Give it besides `cpuPercent`: threads wait for the database, and WebSockets for news, so both run out while processors are
   * idle. The cloud adds machines when either number is too high, and removes some only while both are low. A lower number leaves more room for load that
   * rises faster than a machine boots. 60 is what `cdktf-mastodon advise` aims at.
   *
   * The number comes from the page's `Monitoring`, once a minute. While that is away, the processors alone add machines, and none is removed. A change of the
   * number touches no machine. Giving it for the first time makes the monitoring machine older than the page: until that is renewed nothing is measured.
   * docs/aws.md has what it costs, and what is counted.
   * @default - not at all: the number of machines follows the processors alone
   * @throws at synth if it is not a whole number from 10 to 90, if the cloud does not scale by it, if the site has no `Monitoring`, or if streaming is
   * Mastodon's before 4.2, which tells nobody how many WebSockets it has
   */
  readonly usedPercent?: number;
}

/** A scale with its defaults. */
export type WholeScale = Required<Omit<Scale, "usedPercent">> & Pick<Scale, "usedPercent">;

/** How busy processors are kept if the page does not say it, in percent. */
const CPU_PERCENT = 60;

/** The scale with its defaults. */
export function wholeScale({ most, cpuPercent = CPU_PERCENT, usedPercent }: Scale): WholeScale {
  return { most, cpuPercent, ...(usedPercent !== undefined && { usedPercent }) };
}

/**
 * Everything wrong with a scale of a pool.
 * @param room how many members have addresses; `further` says why
 */
export function wrongScale(scale: Scale, machines: number, room: number, further: string): readonly Problem[] {
  const { most, cpuPercent, usedPercent } = wholeScale(scale);
  const percent = { least: 10, most: 90 };
  const all = [
    wrongNumber("most of scale", most, { least: machines, most: room, further }),
    wrongNumber("cpuPercent of scale", cpuPercent, percent),
    usedPercent === undefined ? undefined : wrongNumber("usedPercent of scale", usedPercent, percent),
  ];
  return all.filter((one) => one !== undefined);
}
