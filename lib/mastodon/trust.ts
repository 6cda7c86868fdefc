// The certificate authorities by which a host's processes verify external servers: `trust(host).file("db.example.net", ca)`.
// Ruby, Node and libpq are configured differently; each function here is for one of them.

import { Site } from "./site";
import { Construct } from "constructs";
import { Env } from "../core/env";
import { Host } from "../core/host";
import { shortened } from "../core/names";
import { Part, Program, Taken } from "../core/program";
import { DatabaseFacts } from "./database";
import { versionOf } from "./version";

const DIRECTORY = "/etc/mastodon/tls";
/** The public certificate authorities on Debian, and so in every image. */
export const PUBLIC = "/etc/ssl/certs/ca-certificates.crt";

interface TrustedFile {
  /** The part of the page that it was made from. */
  readonly from?: string;
  /** How a changed file takes effect on a kept machine. */
  readonly taken?: Taken;
}

class Trust {
  private readonly files = new Map<string, Set<string>>();
  private readonly ofRuby = new Set<string>();
  private readonly once = new Map<string, string>();

  constructor(private readonly program: Program) {}

  /** The path of a file with these certificates, on the host and in its containers. */
  file(name: string, certificates: string, { from = `ca of ${name}`, taken }: TrustedFile = {}): string {
    // File systems take names of 255 bytes.
    const path = `${DIRECTORY}/${shortened(name, 240)}.pem`;
    const known = this.files.get(path);
    if (known === undefined) {
      const content = new Set([certificates]);
      this.files.set(path, content);
      this.program.add({ kind: "file", path, content: () => [...content].join(""), from, ...(taken && { taken }) });
    } else known.add(certificates);
    return path;
  }

  /** As `file`, but one file for all with the same certificates, which has the name of the first: a boot text may have little room. */
  shared(name: string, certificates: string, how: TrustedFile): string {
    const path = this.once.get(certificates) ?? this.file(name, certificates, how);
    this.once.set(certificates, path);
    return path;
  }

  /** The path of a file with the public certificates and these. */
  withPublic(name: string, certificates: string): string {
    const path = `${DIRECTORY}/ruby.pem`;
    if (this.ofRuby.size === 0) {
      // Some libraries trust this file only, and they connect to public servers as well.
      const script = () => `cat ${[PUBLIC, ...this.ofRuby].join(" ")} >${path}\nchmod 0644 ${path}\n`;
      this.program.add({ kind: "package", names: ["ca-certificates"] }).add({ kind: "run", why: "whom Ruby trusts", script });
    }
    this.ofRuby.add(this.file(name, certificates));
    return path;
  }
}

const TRUST = new Part((program) => new Trust(program));

export function trust(host: Host): Trust {
  return host.program.part(TRUST);
}

/** The TLS variables of libpq, for Ruby and psql. */
export function libpqTls(env: Env, host: Host, facts: DatabaseFacts, by: Construct): void {
  if (facts.tls) env.set("DB_SSLMODE", facts.sslmode ?? "require", by);
  else if (facts.sslmode !== undefined) env.set("DB_SSLMODE", facts.sslmode, by);
  if (facts.sslmode === "verify-full") env.set("PGSSLROOTCERT", rootCertificates(host, facts), by);
}

/** The file by which libpq and PgBouncer check a database's certificate. */
export function rootCertificates(host: Host, { host: name, ca }: DatabaseFacts, taken?: Taken): string {
  return ca === undefined ? PUBLIC : trust(host).file(name, ca, taken && { taken });
}

/** The TLS variables of streaming. Node verifies fully with any `DB_SSLMODE` but `disable` and, from 4.2 on, `no-verify`. */
export function nodeTls(env: Env, host: Host, facts: DatabaseFacts, by: Construct): void {
  if (facts.sslmode === "disable" || facts.sslmode === "verify-full") env.set("DB_SSLMODE", facts.sslmode, by);
  else if (facts.tls && versionOf(Site.of(host)).isBefore("4.2"))
    env.set("DB_SSLMODE", "require", by).set("NODE_TLS_REJECT_UNAUTHORIZED", 0, by);
  else if (facts.tls) env.set("DB_SSLMODE", "no-verify", by);
  if (facts.ca !== undefined) nodeTrusts(env, host, facts.ca, by);
}

export function nodeTrusts(env: Env, host: Host, ca: string, by: Construct): void {
  env.set("NODE_EXTRA_CA_CERTS", trust(host).file("streaming", ca, { from: "ca of what streaming reaches" }), by);
}

/** The certificates of Ruby's OpenSSL, for services without a variable of their own; `name` is that of the file. */
export function rubyTrusts(env: Env, host: Host, name: string, ca: string, by: Construct): void {
  env.set("SSL_CERT_FILE", trust(host).withPublic(name, ca), by);
}

/** The volumes that a container needs to read the certificates in its variables. */
export function certificateVolumes(env: Env): readonly string[] {
  return Object.values(env.all).some((value) => value.startsWith(`${DIRECTORY}/`)) ? [`${DIRECTORY}:${DIRECTORY}:ro`] : [];
}
