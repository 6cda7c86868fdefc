// What a server outside the page may be called, and what is wrong with what was said of it: `new OutsideServer("Postgres.external db.example.net")`.

import { Outside } from "../core/endpoint";
import { Problem } from "../core/problems";
import { Site } from "../core/site";
import { certificatesIn } from "./certificates";

export interface OutsideProps {
  /** Its host name, which the machines of the site ask their name service for, or its IPv4 address. */
  readonly host: string;
  /**
   * Its IPv4 address, where no name service knows the name: then it stands in `/etc/hosts` of every machine that calls it.
   * @default - the name service is asked
   */
  readonly address?: string;
}

const NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const ADDRESS = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
// A name that looks like a number or a word of YAML is another value to Ruby, whose file does not quote it.
const WORD = /^(?!(?:true|false|null|yes|no|on|off|y|n)$)[a-z_][a-z0-9_-]*$/i;

/** Collects what is wrong; nobody has a site yet when such a server is described, so the first site that uses it is told. */
export class OutsideServer {
  private readonly problems: Problem[] = [];

  constructor(readonly call: string) {}

  /** A name or an address, and as `verified` a name only. */
  named({ host, address }: OutsideProps, verified: boolean): Outside {
    const isAddress = ADDRESS.test(host);
    if (!isAddress && (!NAME.test(host) || /^[\d.]+$/.test(host))) {
      this.wrong(`host is "${host}"`, "give a host name in lower case or an IPv4 address, without scheme, port or path");
    } else if (host === "localhost" || host.startsWith("127.")) {
      this.wrong(`host is ${host}, which is every machine itself`, "give the name by which the machines of the site reach it");
    }
    if (isAddress && verified) {
      this.wrong(
        `host is ${host}, and its certificate is to be checked`,
        "give the name that the certificate holds as host, and this as address if no name service knows it",
      );
    }
    if (address !== undefined && (isAddress || !ADDRESS.test(address))) {
      this.wrong(`address is "${address}"`, isAddress ? "leave it out: host is one already" : "give an IPv4 address");
    }
    return { name: host, ...(address !== undefined && { address }) };
  }

  port(port: number, prop = "port"): number {
    return this.whole(prop, port, 1, 65535);
  }

  whole(prop: string, value: number, least: number, most: number): number {
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    this.wrong(`${prop} is ${value}`, `use a whole number from ${least} to ${most}`);
    return least;
  }

  word(prop: string, value: string): string {
    if (!WORD.test(value)) {
      this.wrong(
        `${prop} is "${value}"`,
        "use letters, digits, - and _, not a digit first: Mastodon's file of settings does not quote it",
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

  /** Tells a site that uses it; a site hears each problem once. */
  tell(site: Site): void {
    for (const problem of this.problems) site.problems.add(site, problem);
  }
}
