// Who else may read the metrics: `readableFrom` of `Monitoring`.

import { Problem } from "../../core/problems";
import { isPrivateRange } from "../../core/range";
import type { MonitoringProps } from "./monitoring";

/** Everything wrong with the ranges. Metrics have no password, so they are for private networks only. */
export function wrongReaders({ readableFrom = [], overview = true }: MonitoringProps): readonly Problem[] {
  const wrong = readableFrom
    .filter((range) => !isPrivateRange(range))
    .map((range) => ({
      wrong: `readableFrom has "${range}"`,
      remedy: "give a range of private IPv4 addresses without host bits, such as 10.20.192.10/32",
    }));
  if (overview || readableFrom.length === 0) return wrong;
  return [
    ...wrong,
    {
      wrong: "readableFrom is given with `overview: false`, and what reads metrics goes through the nginx of the overview",
      remedy: "leave one of the two out",
    },
  ];
}
