// Who writes the host names of a front door into DNS: Hetzner's zones, or another company by an object of the page's own.

import { Construct } from "constructs";

export interface DnsRecord {
  /** The whole host name, without a dot at its end. */
  readonly host: string;
  /**
   * `ALIAS` stands for all addresses of another name, which it gives as `values`. A domain's own name can have it and no `CNAME`. Only a DNS that
   * says so (`Dns.aliases`) is asked for one.
   */
  readonly type: "A" | "AAAA" | "ALIAS" | "CAA" | "CNAME" | "MX" | "TXT";
  /** As zone files have them, but texts without quotes; tokens where the cloud computes them. */
  readonly values: readonly string[];
  /** The zone of the name that an `ALIAS` leads to, where the DNS wants to know it, as Route 53 does. */
  readonly aliasZone?: string;
}

export interface Dns {
  /**
   * Whether it has `ALIAS`. Without, a cloud whose front door is known by a name alone asks for a `CNAME`, and refuses a domain's own name.
   * @default false
   */
  readonly aliases?: boolean;
  /** Makes one record; `id` is unique in `scope`. */
  record(scope: Construct, id: string, record: DnsRecord): void;
}
