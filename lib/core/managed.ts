// A managed service of the cloud that the page makes, such as a database. It must accept connections of the site's hosts.

import { Caller } from "./flow";

export interface Managed {
  /** Its name in messages and in the table of flows. */
  readonly name: string;
  /** Allows connections of a caller, such as by a rule of a security group. Called once for each caller, port and reason. */
  admit(from: Caller, port: number, why: string): void;
}
