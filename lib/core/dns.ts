// The interface of a DNS provider, which gets the records of the front door's host names: Hetzner's zones, or an object of the page's own for another
// provider.

import { Construct } from "constructs";

export interface DnsRecord {
  /** The full host name, without a trailing dot. */
  readonly host: string;
  /**
   * `ALIAS` resolves to all addresses of another name, which is in `values`. The apex of a domain can have it, but no `CNAME`. Used only if
   * `Dns.aliases` is true.
   */
  readonly type: "A" | "AAAA" | "ALIAS" | "CAA" | "CNAME" | "MX" | "TXT";
  /** As in zone files, but texts without quotes. Tokens if the cloud computes them. */
  readonly values: readonly string[];
  /** The zone id of an `ALIAS` target, which some providers require, such as Route 53. */
  readonly aliasZone?: string;
}

export interface Dns {
  /**
   * Whether it supports `ALIAS`. If not, a cloud whose front door has a name but no fixed address makes a `CNAME`, and refuses the apex of a domain.
   * @default false
   */
  readonly aliases?: boolean;
  /**
   * The domain to which it writes, such as `social.example`. Its apex is then known: a host name that is the domain itself.
   * @default - unknown: a host name of two parts counts as an apex
   */
  readonly zone?: string;
  /** Makes one record; `id` is unique in `scope`. */
  record(scope: Construct, id: string, record: DnsRecord): void;
}

/** Whether a host name is the apex of its domain, where no `CNAME` can stand. */
export function isApex(host: string, dns?: Dns): boolean {
  return dns?.zone === undefined ? host.split(".").length <= 2 : host === dns.zone;
}
