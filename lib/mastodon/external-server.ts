// Checks the props of an external server and collects the problems: `new ExternalServer("Postgres.external db.example.net")`.

import { isIP } from "node:net";
import { Token } from "cdktf";
import { wrongHost } from "../core/address";
import { External } from "../core/endpoint";
import { Managed } from "../core/managed";
import { Problem } from "../core/problems";
import { Site } from "./site";
import { wrongNumber } from "../core/whole-number";
import { certificatesIn } from "./certificates";
import { isPlain } from "./unquoted";

export interface ExternalServerProps {
  /** Its host name, which the machines of the site resolve by DNS, or its IPv4 address. */
  readonly host: string;
  /**
   * Its IPv4 address, if `host` is not in DNS. It is written to `/etc/hosts` of every machine that connects to it.
   * @default - DNS is used
   */
  readonly address?: string;
  /**
   * The managed service of the cloud that provides it. The cloud then allows the machines that connect to it.
   * @default - none: the server's own firewall is not changed
   */
  readonly managed?: Managed;
}

/** PostgreSQL truncates longer names. */
const NAME_LENGTH = 63;
const WORD = /^[a-z_][a-z0-9_-]*$/i;
// Role names of managed servers contain a project or a server: `project.role`, `user@server`.
const ROLE = /^[a-z_][a-z0-9_.@+-]*$/i;

/** Its name at the cloud, or its host; `undefined` for a host that Terraform computes, which has no text at synth. */
export function knownName({ host, managed }: ExternalServerProps): string | undefined {
  return managed?.name ?? (Token.isUnresolved(host) ? undefined : host);
}

/** What messages and the sums of connections call it. */
export function calledOf(server: ExternalServerProps): string {
  return knownName(server) ?? "a host that Terraform computes";
}

/** Collects problems. No site exists yet when an external server is described, so each site that uses it reports them (`tell`). */
export class ExternalServer {
  private readonly problems: Problem[] = [];

  constructor(readonly call: string) {}

  /** Checks `host` and `address`. If the certificate is `verified`, `host` must be a name. */
  named({ host, address, managed }: ExternalServerProps, verified: boolean): External {
    const isAddress = isIP(host) === 4;
    const wrong = wrongHost("host", host);
    this.tells(wrong);
    if (isAddress && verified && wrong === undefined) {
      this.wrong(
        `host is ${host}, and its certificate is to be checked`,
        "give the name in the certificate as host, and this as address if the name is not in DNS",
      );
    }
    if (address !== undefined && isAddress) this.wrong(`address is "${address}"`, "leave it out: host is an address already");
    else if (address !== undefined) this.tells(wrongHost("address", address) ?? noAddress(address));
    return { name: host, ...(address !== undefined && { address }), ...(managed !== undefined && { managed }) };
  }

  port(port: number, prop = "port"): number {
    return this.whole(prop, port, 1, 65535);
  }

  whole(prop: string, value: number, least: number, most: number): number {
    if (Token.isUnresolved(value)) {
      this.wrong(`${prop} is unknown at synth`, `give a number from ${least} to ${most}, not a value that Terraform computes`);
      return least;
    }
    const wrong = wrongNumber(prop, value, { least, most });
    this.tells(wrong);
    return wrong === undefined ? value : least;
  }

  /** The name of a database. */
  word(prop: string, value: string): string {
    return this.unquoted(prop, value, WORD, "letters, digits, - and _");
  }

  /** The name of a PostgreSQL role. */
  role(prop: string, value: string): string {
    return this.unquoted(prop, value, ROLE, "letters, digits and - _ . @ +");
  }

  // config/database.yml does not quote it: Ruby would read a name that looks like a number or a YAML keyword as another value.
  private unquoted(prop: string, value: string, form: RegExp, letters: string): string {
    if (Token.isUnresolved(value)) return value;
    const long = value.split("@").some((part) => part.length > NAME_LENGTH);
    if (!form.test(value) || !isPlain(value) || /^[yn]$/i.test(value) || long) {
      this.wrong(
        `${prop} is "${value}"`,
        `use ${letters}, a letter or _ first, at most ${NAME_LENGTH} of them and no YAML keyword: Mastodon's settings file does not quote it`,
      );
    }
    return value;
  }

  /** Certificates in PEM form; a private key is refused. */
  certificates(ca: string | undefined): string | undefined {
    if (ca === undefined) return undefined;
    const { certificates, problem } = certificatesIn(ca);
    if (problem !== undefined) this.wrong(problem.wrong, problem.remedy);
    return certificates;
  }

  wrong(wrong: string, remedy: string): void {
    this.problems.push({ wrong: `${this.call}: ${wrong}`, remedy });
  }

  private tells(problem: Problem | undefined): void {
    if (problem !== undefined) this.problems.push({ ...problem, wrong: `${this.call}: ${problem.wrong}` });
  }

  /** Reports the problems to a site that uses the server; a site lists each problem once. */
  tell(site: Site): void {
    for (const problem of this.problems) site.problems.add(site, problem);
  }
}

function noAddress(address: string): Problem | undefined {
  if (isIP(address) === 4 || Token.isUnresolved(address)) return undefined;
  return { wrong: `address is "${address}"`, value: address, remedy: "give an IPv4 address" };
}
