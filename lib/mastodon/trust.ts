// By which certificates a host's processes know servers outside the page: `trust(host).file("db.example.net", ca)`.
// Ruby and Node read them differently; each function here is one program's way.

import { Site } from "./site";
import { Construct } from "constructs";
import { Env } from "../core/env";
import { Host } from "../core/host";
import { shortened } from "../core/names";
import { Part, Program, Taken } from "../core/program";
import { DatabaseFacts } from "./database";
import { versionOf } from "./version";

const DIRECTORY = "/etc/mastodon/tls";
/** Where Debian, and so every image, keeps the public certificate authorities. */
export const PUBLIC = "/etc/ssl/certs/ca-certificates.crt";

interface TrustedFile {
  /** What of the page it was made of. */
  readonly from?: string;
  /** How whoever reads it on a kept machine takes other certificates. */
  readonly taken?: Taken;
}

class Trust {
  private readonly files = new Map<string, Set<string>>();
  private readonly ofRuby = new Set<string>();

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

  /** The path of a file with the public certificates and these. */
  withPublic(name: string, certificates: string): string {
    const path = `${DIRECTORY}/ruby.pem`;
    if (this.ofRuby.size === 0) {
      // Some libraries trust nothing but this file, and they speak to the whole world.
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

/** libpq's words, as Ruby and psql read them. */
export function libpqTls(env: Env, host: Host, facts: DatabaseFacts, by: Construct): void {
  if (facts.tls) env.set("DB_SSLMODE", facts.sslmode ?? "require", by);
  else if (facts.sslmode !== undefined) env.set("DB_SSLMODE", facts.sslmode, by);
  if (facts.sslmode === "verify-full") env.set("PGSSLROOTCERT", rootCertificates(host, facts), by);
}

/** The file by which libpq and PgBouncer check a database's certificate. */
export function rootCertificates(host: Host, { host: name, ca }: DatabaseFacts, taken?: Taken): string {
  return ca === undefined ? PUBLIC : trust(host).file(name, ca, taken && { taken });
}

/** Node's: any word but `disable` and, from 4.2 on, `no-verify` is full verification, by its own certificates and one more file. */
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

/** Ruby's OpenSSL, for what has no variable of its own; `name` is that of the file. */
export function rubyTrusts(env: Env, host: Host, name: string, ca: string, by: Construct): void {
  env.set("SSL_CERT_FILE", trust(host).withPublic(name, ca), by);
}

/** What a container must be given to read the certificates that its variables name. */
export function certificateVolumes(env: Env): readonly string[] {
  return Object.values(env.all).some((value) => value.startsWith(`${DIRECTORY}/`)) ? [`${DIRECTORY}:${DIRECTORY}:ro`] : [];
}
