// A service that the page has the cloud run, such as a database: its machines are the cloud's own, and it is told who calls it.

import { Caller } from "./flow";

export interface Managed {
  /** What messages and the table of flows call it. */
  readonly name: string;
  /** Has the service let a caller in, by whatever the cloud has for that. Called once for each caller, port and reason. */
  admit(from: Caller, port: number, why: string): void;
}
