// The logs of a site's machines: `logs: { keepGib: 2, forwardTo: syslog({ host: "logs.example.net" }) }` of a `Site`.

import type { KeptLogs } from "../core/journal";
import type { Site } from "./site";

export interface LogsProps extends KeptLogs {
  /**
   * A server that gets the logs of all machines, as in `syslog({ host: "logs.example.net" })`. It gets whatever is in a journal, with addresses of people
   * who use the site. On kept machines it begins and ends with their renewal, and it replaces the machines of pools; another collector is delivered to
   * kept machines as a setting.
   * @default - none: each machine has its own logs alone, and they are gone with it
   */
  readonly forwardTo?: LogCollector;
}

export interface LogCollector {
  /** Makes each host of the site hand its logs over. Called once for each site that has it. */
  collect(site: Site): void;
}
