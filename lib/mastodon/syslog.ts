// A collector of logs that speaks syslog over TLS (RFC 5424 and 5425): `syslog({ host: "logs.example.net", ca })` in `logs` of a site.

import { Endpoint, External } from "../core/endpoint";
import { ExternalServer, ExternalServerProps } from "./external-server";
import { LogCollector } from "./logs";
import { SYSLOG_PORT } from "./ports";
import { forwarding, FORWARDING_TAKEN } from "./programs/forwarding";
import { Site } from "./site";
import { PUBLIC, trust } from "./trust";

export interface SyslogProps extends Pick<ExternalServerProps, "address"> {
  /** Its host name, which its certificate must have. The machines of the site resolve it by DNS. */
  readonly host: string;
  /**
   * Its TCP port for TLS.
   * @default 6514
   */
  readonly port?: number;
  /**
   * The PEM text of the certificate authority that signed its certificate, if that is not a public one, as in `readFileSync("ca.pem", "utf8")`.
   * @default - the public authorities of Debian
   * @throws at synth if it holds no certificate, or a private key
   */
  readonly ca?: string;
}

/**
 * Any server that takes syslog over TLS: rsyslog, syslog-ng, Vector, Graylog, and most services that keep logs. Nothing is sent without TLS, or to a
 * server whose certificate is wrong. Lines that were written while it was away follow later, as far as the journal still has them.
 */
export function syslog(props: SyslogProps): LogCollector {
  return new Syslog(props);
}

class Syslog implements LogCollector {
  private readonly described: ExternalServer;
  private readonly server: External;
  private readonly port: number;
  private readonly ca: string | undefined;

  constructor({ host, address, port = SYSLOG_PORT, ca }: SyslogProps) {
    this.described = new ExternalServer("syslog");
    this.server = this.described.named({ host, ...(address !== undefined && { address }) }, true);
    this.port = this.described.port(port);
    this.ca = this.described.certificates(ca);
  }

  collect(site: Site): void {
    this.described.tell(site);
    const { server, port, ca } = this;
    const { name: host } = server;
    const endpoint = Endpoint.external(server, port, { host, port });
    site.whenWhole(() => {
      for (const who of site.hosts) {
        const facts = endpoint.reachedBy(who, "hands over its logs");
        const authorities =
          ca === undefined ? PUBLIC : trust(who).file("logs", ca, { from: "ca of syslog", taken: FORWARDING_TAKEN });
        forwarding(who.program, { ...facts, authorities });
      }
    });
  }
}
