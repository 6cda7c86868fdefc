// The steps that install an exporter of Debian's: `exporter("prometheus-node-exporter", { options: ["--web.listen-address=127.0.0.1:9100"] })`.
// Its options are in /etc/default as Debian has it, and a change of them is delivered to a running machine.

import { FileStep, Step } from "../../core/program";
import { AT_BOOT, NEVER_GIVEN_UP, ServiceSection, unit } from "../../core/unit";

export interface ExporterOptions {
  readonly options: readonly string[];
  /** Variables of its environment. */
  readonly variables?: Readonly<Record<string, string>>;
  /**
   * Whether the variables hold a password. `renewed`: they stay as they are until the machine is renewed, as the server's own do. `delivered`: they are
   * those of an external server, and change with the page; the password may hold a single quote.
   */
  readonly secret?: "renewed" | "delivered" | undefined;
  /** Limits of its service, if it needs others than `CONFINED`. */
  readonly service?: ServiceSection;
}

/** An exporter reads, and never writes. */
export const CONFINED: ServiceSection = { NoNewPrivileges: true, ProtectSystem: "strict", ProtectHome: true, PrivateTmp: true };
/** A server that is away for long must not fill the journal with an exporter's restarts. */
const RESTARTED_SOON: ServiceSection = { Restart: "always", RestartSec: 5 };

/** The one exporter of that package, with Debian's own unit. */
export function exporter(name: string, given: ExporterOptions): readonly Step[] {
  return [
    { kind: "package", names: [name] },
    defaults(name, name, given),
    {
      kind: "file",
      path: `/etc/systemd/system/${name}.service.d/10-mastodon.conf`,
      content: unit({ Unit: NEVER_GIVEN_UP, Service: { ...RESTARTED_SOON, ...(given.service ?? CONFINED) } }),
    },
    { kind: "start", units: [`${name}.service`] },
  ];
}

export interface InstanceOptions extends ExporterOptions {
  /** Names the instance, as in `main`. */
  readonly instance: string;
  readonly user: string;
  /** What it exports, with `%i` for the instance. */
  readonly of: string;
  /** Units that it starts after, with `%i` for the instance. */
  readonly after?: string;
  /** Options that all instances on the machine have, before those of each. */
  readonly common?: readonly string[];
}

/** One of several exporters of a package on a machine, each with a unit of its own in the place of Debian's. */
export function exporterInstance(name: string, given: InstanceOptions): readonly Step[] {
  const { instance, user, of, after, common = [], service = CONFINED } = given;
  return [
    { kind: "package", names: [name] },
    defaults(`${name}-${instance}`, `${name}@${instance}`, given),
    {
      kind: "file",
      path: `/etc/systemd/system/${name}@.service`,
      content: unit({
        Unit: { Description: `Prometheus exporter of ${of}`, ...(after !== undefined && { After: after }), ...NEVER_GIVEN_UP },
        Service: {
          User: user,
          EnvironmentFile: `/etc/default/${name}-%i`,
          ExecStart: [`/usr/bin/${name}`, ...common, "$ARGS"].join(" "),
          ...RESTARTED_SOON,
          ...service,
        },
        Install: AT_BOOT,
      }),
    },
    { kind: "run", why: `${name}, one for each instance`, script: `systemctl mask -q --now ${name}.service\n` },
    { kind: "start", units: [`${name}@${instance}.service`] },
  ];
}

function defaults(file: string, service: string, { options, variables = {}, secret }: ExporterOptions): FileStep {
  // systemd expands nothing in either kind of quotes. In double ones it would take " and \\ for its own, which no external password holds (`secrets.ts`).
  const quote = secret === "delivered" ? '"' : "'";
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quote}${value}${quote}\n`);
  return {
    kind: "file",
    path: `/etc/default/${file}`,
    content: `${lines.join("")}ARGS='${options.join(" ")}'\n`,
    // systemd reads it as root.
    ...(secret !== undefined && { mode: "0600" }),
    ...(secret === "renewed" && { renewedLines: `^(${Object.keys(variables).join("|")})=` }),
    taken: { what: service, does: "restart", script: `runs ${service} || exit 0\nsystemctl restart ${service}\n` },
  };
}
