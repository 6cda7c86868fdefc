// Who writes the host names of a front door into DNS: Hetzner's zones, or another company by an object of the page's own.

import { Construct } from "constructs";

export interface DnsRecord {
  /** The whole host name, without a dot at its end. */
  readonly host: string;
  readonly type: "A" | "AAAA";
  /** The address; a token where the cloud computes it. */
  readonly address: string;
}

export interface Dns {
  /** Makes one record; `id` is unique in `scope`. */
  record(scope: Construct, id: string, record: DnsRecord): void;
}
