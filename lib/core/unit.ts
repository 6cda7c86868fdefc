// systemd unit files from typed fields: `unit({ Unit: { Description: "…" }, Service: { ExecStart: "…", ...RESTARTED } })`. The fields have systemd's
// own names (systemd.unit(5), systemd.service(5) and so on), and are written in the order in which they are given.

/** A value, or several lines of the same name. `""` as the first resets what Debian's unit sets. */
type Lines = string | readonly string[];
/** In seconds. */
type Span = number | "infinity";

export interface UnitSection {
  readonly Description?: string;
  readonly Wants?: Lines;
  readonly Requires?: Lines;
  readonly BindsTo?: Lines;
  readonly After?: Lines;
  readonly RequiresMountsFor?: string;
  readonly ConditionPathExists?: string;
  readonly StartLimitIntervalSec?: Span;
  readonly CollectMode?: "inactive" | "inactive-or-failed";
}

export interface ServiceSection {
  readonly Type?: "simple" | "oneshot" | "notify";
  readonly NotifyAccess?: "main" | "all";
  readonly RemainAfterExit?: boolean;
  readonly User?: string;
  readonly Group?: string;
  readonly UMask?: string;
  readonly RuntimeDirectory?: string;
  readonly RuntimeDirectoryPreserve?: boolean;
  readonly Environment?: string;
  readonly EnvironmentFile?: Lines;
  readonly ExecStartPre?: Lines;
  readonly ExecStart?: Lines;
  readonly ExecStartPost?: Lines;
  readonly ExecReload?: Lines;
  readonly ExecStop?: Lines;
  readonly ExecStopPost?: Lines;
  readonly KillMode?: "control-group" | "mixed" | "process";
  readonly KillSignal?: string;
  readonly Restart?: "always" | "on-failure";
  readonly RestartMode?: "normal" | "direct";
  readonly RestartSec?: Span;
  readonly RestartPreventExitStatus?: number;
  readonly TimeoutStartSec?: Span;
  readonly TimeoutStopSec?: Span;
  readonly RuntimeMaxSec?: Span;
  readonly StandardInput?: "socket";
  readonly StandardOutput?: "socket" | "journal";
  readonly StandardError?: "socket" | "journal" | "null";
  readonly LogLevelMax?: "warning" | "notice";
  readonly LogFilterPatterns?: Lines;
  readonly LimitNOFILE?: number;
  readonly MemoryMax?: string;
  readonly OOMScoreAdjust?: number;
  readonly OOMPolicy?: "continue";
  readonly NoNewPrivileges?: boolean;
  readonly ProtectSystem?: boolean | "full" | "strict";
  readonly ProtectHome?: boolean;
  readonly ReadWritePaths?: Lines;
  readonly PrivateTmp?: boolean;
  readonly CapabilityBoundingSet?: string;
  readonly RestrictAddressFamilies?: string;
}

/** A file with this section is a Quadlet, from which podman generates a service. */
export interface ContainerSection {
  readonly Image: string;
  readonly ContainerName: string;
  readonly Network?: "host";
  readonly EnvironmentFile?: Lines;
  readonly Volume?: Lines;
  readonly Exec?: string;
  readonly StopTimeout?: number;
}

/** A section may be given as several groups of fields. The lines of all groups are written. */
type Section<Fields> = Fields | readonly Fields[];

export interface SystemdFile {
  readonly Unit?: Section<UnitSection>;
  readonly Container?: ContainerSection;
  readonly Service?: Section<ServiceSection>;
  readonly Timer?: {
    readonly OnActiveSec?: Span;
    readonly OnUnitActiveSec?: Span;
    readonly OnCalendar?: Lines;
    readonly RandomizedDelaySec?: Span;
    readonly AccuracySec?: Span;
  };
  readonly Socket?: { readonly ListenStream: number; readonly Accept?: boolean; readonly MaxConnections?: number };
  readonly Install?: { readonly WantedBy: "multi-user.target" | "timers.target" | "sockets.target" | "cloud-init.target" };
}

/**
 * By default systemd stops restarting a unit that was started five times within 10 s. A service that fails until another machine is up, or until a
 * disk has space, must be restarted all the same.
 */
export const NEVER_GIVEN_UP = { StartLimitIntervalSec: 0 } as const;

/** A service that is always restarted. */
export const RESTARTED = { Restart: "always", RestartSec: 1 } as const;

export const AT_BOOT = { WantedBy: "multi-user.target" } as const;

/** The file's text: a unit, a drop-in of one, or a Quadlet. */
export function unit(file: SystemdFile): string {
  const sections = Object.entries(file).map(([name, section]) => {
    const fields = [section as Section<object>].flat().flatMap((group) => Object.entries(group));
    return `[${name}]\n${fields.flatMap(lines).join("")}`;
  });
  return sections.join("\n");
}

function lines([name, value]: [string, Lines | number | boolean | undefined]): readonly string[] {
  if (value === undefined) return [];
  const all = typeof value === "object" ? value : [typeof value === "boolean" ? (value ? "yes" : "no") : `${value}`];
  return all.map((text) => `${name}=${text}\n`);
}
