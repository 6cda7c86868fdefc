// The full program of a host's first boot: its journal, firewall and names, then the steps of the cloud, then the program of its tier.

import { join } from "node:path";
import { Flow } from "./flow";
import { AddedSteps } from "./cloud";
import { journal, JournalLimits } from "./journal";
import { METADATA, nftables } from "./nftables";
import { FileStep, Program } from "./program";
import { readinessAnswer } from "./readiness";
import { script } from "./script";
import { fillSecrets } from "./secret-store";
import { settingsScript, withoutSettings } from "./settings";

export interface WholeHost {
  readonly name: string;
  readonly network: string;
  readonly metadata: { readonly addresses: readonly string[] | undefined; readonly users: readonly number[] };
  /** Whether its IPv6 address is given by DHCPv6. */
  readonly dhcp6: boolean;
  readonly openings: readonly Flow[];
  /** Whether its own name resolves to its address in the private network. */
  readonly knowsItself: boolean;
  /** Other hosts for `/etc/hosts`, with addresses that are known when the boot text is made. */
  readonly mapped: readonly { readonly name: string; readonly address: string }[];
  /** Steps of the cloud. */
  readonly added: AddedSteps | undefined;
  readonly program: Program;
  readonly secrets: "boot text" | "store";
  /** The port of the cloud's health check. */
  readonly askedOn: number | undefined;
  /** The limits of its journal. */
  readonly journal: JournalLimits;
}

const FIREWALL = "/etc/nftables.conf";

function hostProgram(host: WholeHost): Program {
  const { addresses = METADATA, users } = host.metadata;
  const whole = new Program().add(
    ...journal(host.journal),
    { kind: "package", names: ["nftables"] },
    {
      kind: "file",
      path: FIREWALL,
      content: nftables(host.openings, { addresses, users }, host.dhcp6),
      mode: "0600",
      writtenBy: script(join(__dirname, "keep-open.sh"), { FIREWALL }),
      taken: {
        what: "the firewall",
        does: "reload",
        check: `nft -c -f ${FIREWALL}`,
        script: script(join(__dirname, "firewall-settings.sh"), { FIREWALL }),
      },
    },
    { kind: "run", why: "firewall", script: `systemctl enable nftables\nnft -f ${FIREWALL}\n` },
    { kind: "run", why: "private network", script: privateNetwork(host.network) },
    { kind: "run", why: "names", script: () => names(host) },
    ...(host.added?.first ?? []),
    ...(host.secrets === "store" ? fillSecrets(host.program.steps) : []),
    ...host.program.steps,
    ...(host.askedOn === undefined ? [] : readinessAnswer(host.askedOn)),
    ...(host.added?.last ?? []),
  );
  for (const check of host.program.readiness) whole.readyWhen(check);
  return whole;
}

/** The program of its first boot, with what is known then. */
export function bootProgram(host: WholeHost): Program {
  const whole = hostProgram(host);
  const known = new Program().add(
    ...whole.steps.map((step) => (step.kind === "file" && step.atBoot !== undefined ? { ...step, content: step.atBoot } : step)),
  );
  for (const check of whole.readiness) known.readyWhen(check);
  return known;
}

/** The part of a host's program that reaches a running kept machine only by renewal. */
export function renewedProgram(host: WholeHost): Program {
  return withoutSettings(hostProgram({ ...host, mapped: [] }));
}

/** The script that delivers the rest of the program to a running kept machine. */
export function hostSettings(host: WholeHost): string {
  const hosts: FileStep = {
    kind: "file",
    path: "/etc/hosts",
    content: [...marked(host), ""].join("\n"),
    writtenBy: "between_marks /etc/hosts",
    taken: { what: "names of other machines", does: "nothing" },
  };
  return settingsScript(host.name, [hosts, ...hostProgram(host).steps]);
}

function privateNetwork(cidr: string): string {
  return script(join(__dirname, "private-network.sh"), { NETWORK: cidr, PATTERN: networkPattern(cidr) });
}

function names({ name, network, knowsItself, mapped }: WholeHost): string {
  return script(join(__dirname, "host-names.sh"), {
    NAME: knowsItself ? name : "",
    PATTERN: networkPattern(network),
    // One per line, so that a diff of two boot texts shows which differ.
    MAPPED: ["", ...mapped.map((other) => `${other.address} ${other.name}`), ""].join("\n"),
  });
}

function marked({ mapped }: Pick<WholeHost, "mapped">): readonly string[] {
  return ["# cdktf-mastodon begin", ...mapped.map((other) => `${other.address} ${other.name}`), "# cdktf-mastodon end"];
}

/** The first two numbers of a /16, as a regular expression. */
function networkPattern(cidr: string): string {
  return cidr.split(".").slice(0, 2).join("\\.") + "\\.";
}
