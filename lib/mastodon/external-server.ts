// What a server outside the page may be called, and what is wrong with what was said of it: `new ExternalServer("Postgres.external db.example.net")`.

import { isIP } from "node:net";
import { Token } from "cdktf";
import { wrongHost } from "../core/address";
import { Outside } from "../core/endpoint";
import { Managed } from "../core/managed";
import { Problem } from "../core/problems";
import { Site } from "./site";
import { wrongNumber } from "../core/whole-number";
import { certificatesIn } from "./certificates";
import { isPlain } from "./unquoted";

export interface ExternalServerProps {
  /** Its host name, which the machines of the site ask their name service for, or its IPv4 address. */
  readonly host: string;
  /**
   * Its IPv4 address, where no name service knows the name: then it stands in `/etc/hosts` of every machine that calls it.
   * @default - the name service is asked
   */
  readonly address?: string;
  /**
   * The service of the cloud that it is, which is then told who calls it.
   * @default - the page has made nothing of it
   */
  readonly managed?: Managed;
}

/** PostgreSQL cuts longer names off. */
const NAME_LENGTH = 63;
const WORD = /^[a-z_][a-z0-9_-]*$/i;
// Managed servers write a project or a server into the role: `project.role`, `user@server`.
const ROLE = /^[a-z_][a-z0-9_.@+-]*$/i;

/** Collects what is wrong; nobody has a site yet when such a server is described, so the first site that uses it is told. */
export class ExternalServer {
  private readonly problems: Problem[] = [];

  constructor(readonly call: string) {}

  /** A name or an address, and as `verified` a name only. */
  named({ host, address, managed }: ExternalServerProps, verified: boolean): Outside {
    const isAddress = isIP(host) === 4;
    const wrong = wrongHost("host", host);
    this.tells(wrong);
    if (isAddress && verified && wrong === undefined) {
      this.wrong(
        `host is ${host}, and its certificate is to be checked`,
        "give the name that the certificate holds as host, and this as address if no name service knows it",
      );
    }
    if (address !== undefined && isAddress) this.wrong(`address is "${address}"`, "leave it out: host is one already");
    else if (address !== undefined) this.tells(wrongHost("address", address) ?? noAddress(address));
    return { name: host, ...(address !== undefined && { address }), ...(managed !== undefined && { managed }) };
  }

  port(port: number, prop = "port"): number {
    return this.whole(prop, port, 1, 65535);
  }

  whole(prop: string, value: number, least: number, most: number): number {
    if (Token.isUnresolved(value)) {
      this.wrong(
        `${prop} is known to Terraform only`,
        `give the number, from ${least} to ${most}: it is counted on and compared`,
      );
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

  /** A role of PostgreSQL, as whom one logs in. */
  role(prop: string, value: string): string {
    return this.unquoted(prop, value, ROLE, "letters, digits and - _ . @ +");
  }

  // A name that looks like a number or a word of YAML is another value to Ruby, whose file does not quote it.
  private unquoted(prop: string, value: string, form: RegExp, letters: string): string {
    if (Token.isUnresolved(value)) return value;
    const long = value.split("@").some((part) => part.length > NAME_LENGTH);
    if (!form.test(value) || !isPlain(value) || /^[yn]$/i.test(value) || long) {
      this.wrong(
        `${prop} is "${value}"`,
        `use ${letters}, a letter or _ first, at most ${NAME_LENGTH} of them and no word of YAML: Mastodon's file of settings does not quote it`,
      );
    }
    return value;
  }

  /** Certificates in PEM, and nothing else: a page is no place for a key. */
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

  /** Tells a site that uses it; a site hears each problem once. */
  tell(site: Site): void {
    for (const problem of this.problems) site.problems.add(site, problem);
  }
}

function noAddress(address: string): Problem | undefined {
  if (isIP(address) === 4 || Token.isUnresolved(address)) return undefined;
  return { wrong: `address is "${address}"`, value: address, remedy: "give an IPv4 address" };
}
