// What a kept machine and a pool have in common: a program, the names it knows, and who may come in.

import { Construct } from "constructs";
import { Role } from "./address-plan";
import { Flow, nftables } from "./flow";
import { Program } from "./program";
import { readinessAnswer } from "./readiness";
import { byteLength, packedLength, terraformText } from "./render/terraform-text";
import { cloudConfig } from "./render/cloud-config";
import { Site } from "./site";

/** What a host can map in its names: another host, or something outside the page whose address is given. */
interface Named {
  readonly name: string;
  readonly address?: string | undefined;
}

export abstract class Host extends Construct {
  /** The host name; members of a pool are called after it. */
  abstract readonly name: string;
  /** The address by which it is known, or `undefined` if nobody may know it. */
  abstract readonly address: string | undefined;
  readonly program = new Program();
  readonly site: Site;
  private readonly flows: Flow[] = [];
  private readonly outgoing: Flow[] = [];
  private readonly known = new Map<string, Named>();

  protected constructor(
    scope: Construct,
    id: string,
    readonly role: Role,
  ) {
    super(scope, id);
    this.site = Site.of(this);
    this.site.admit(this);
  }

  /** Lets the hosts of `from` in; a role's whole range, so that one more tier of that role changes nothing here. */
  open(from: Role, port: number, why: string): void {
    const flow = { from, sources: [this.site.plan.role(from).cidr], to: this.name, port, why };
    const same = this.flows.some((known) => known.from === from && known.port === port && known.why === why);
    if (!same) this.flows.push(flow);
  }

  /** Lets the front door in. */
  openToFrontDoor(sources: readonly string[], port: number, why: string): void {
    this.flows.push({ from: "front door", sources, to: this.name, port, why });
  }

  /** Records that this host calls something outside the page, where the page opens nothing. */
  reaches(to: string, port: number, why: string): void {
    this.outgoing.push({ from: this.role, sources: [this.site.plan.role(this.role).cidr], to, port, why });
  }

  /** Whom it calls outside the page. */
  get calls(): readonly Flow[] {
    return this.outgoing;
  }

  /** Maps the name of `other` on this host; its own name too, which else leads to a loopback address that means nothing to peers. */
  knows(other: Named): void {
    this.known.set(other.name, other);
  }

  /** Who may come in, sorted so that the order of the page does not show. */
  get openings(): readonly Flow[] {
    const always = (this.site.cloud.can.openings ?? []).map((flow) => ({ ...flow, to: this.name }));
    const asked = this.askedOn === undefined ? [] : [this.readinessFlow(this.askedOn)];
    return [...this.flows, ...always, ...asked].sort(
      (a, b) => a.port - b.port || compare(a.from, b.from) || compare(a.why, b.why),
    );
  }

  /** The port on which the cloud asks this host whether it serves, if it does. */
  protected get askedOn(): number | undefined {
    return undefined;
  }

  private readinessFlow(port: number): Flow {
    const why = "whether it serves, asked by the cloud";
    return { from: "cloud", sources: [this.site.plan.role("cloud").cidr], to: this.name, port, why };
  }

  /** The user-data before it is escaped for Terraform: what a person reviews. */
  bootText(): string {
    return cloudConfig(this.whole());
  }

  private whole(): Program {
    const whole = new Program().add(
      { kind: "package", names: ["nftables"] },
      { kind: "file", path: "/etc/nftables.conf", content: nftables(this.openings), mode: "0600" },
      { kind: "run", why: "firewall", script: "systemctl enable nftables\nnft -f /etc/nftables.conf\n" },
      { kind: "run", why: "private network", script: privateNetwork(this.site.plan.network.cidr) },
      { kind: "run", why: "names", script: () => names(this, [...this.known.values()]) },
      ...this.program.steps,
      ...(this.askedOn === undefined ? [] : readinessAnswer(this.askedOn)),
    );
    for (const check of this.program.readiness) whole.readyWhen(check);
    return whole;
  }

  /** What a cloud needs of every host, asked for at synth. */
  protected late(): {
    readonly packages: () => readonly string[];
    readonly images: () => readonly string[];
    readonly bootText: () => string;
    readonly openings: () => readonly Flow[];
  } {
    return {
      packages: () => [...new Set(["nftables", ...this.program.packages])].sort(),
      images: () => this.program.images,
      bootText: () => terraformText(this.bootText()),
      openings: () => this.openings,
    };
  }

  /** Refuses a boot text that the cloud would cut or reject. */
  protected measure(): void {
    const { bootTextBytes: limit, bootTextCounts: counts = "text" } = this.site.cloud.can;
    this.site.problems.atSynth(() => {
      const bytes = counts === "text" ? byteLength(this.bootText()) : packedLength(this.bootText());
      if (bytes <= limit) return;
      const how = counts === "text" ? "" : " compressed";
      const { what, bytes: most, from } = this.whole().largest(byteLength);
      this.site.problems.add(this, {
        wrong:
          `the boot text has ${bytes} bytes${how}, and ${this.site.cloud.name} takes ${limit}; ` +
          `its largest part is ${what} with ${most}${from === undefined ? "" : `, made of ${from}`}`,
        remedy: "make that smaller, move it into an image or a package, or split the tier",
        ...(from !== undefined && { cause: `large: ${from}` }),
      });
    });
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

// Some clouds attach the private interface after the machine has started.
function privateNetwork(cidr: string): string {
  const there = `ip -4 -o addr show | grep -q ' ${networkPattern(cidr)}'`;
  return [
    `for _ in $(seq 120); do ${there} && break; sleep 1; done`,
    `${there} || { echo "boot: no address in ${cidr} after 120 s" >&2; exit 1; }`,
    "",
  ].join("\n");
}

// Its own address is looked up on the machine: where the cloud computes it, a boot text cannot contain it.
function names(self: Host, hosts: readonly Named[]): string {
  const others = hosts
    .filter((host) => host !== self && host.address !== undefined)
    .sort((a, b) => compare(a.name, b.name))
    .map((host) => `${host.address} ${host.name}`);
  const prefix = networkPattern(self.site.plan.network.cidr);
  const own = [
    `own=$(ip -4 -o addr show | awk '{ sub("/.*", "", $4); print $4 }' | grep -m 1 '^${prefix}')`,
    "sed -i '/^127\\.0\\.1\\.1[[:space:]]/d' /etc/hosts",
    `echo "$own ${self.name} # cdktf-mastodon" >>/etc/hosts`,
  ];
  return [
    "sed -i '/^# cdktf-mastodon begin$/,/^# cdktf-mastodon end$/d; / # cdktf-mastodon$/d' /etc/hosts",
    ...(hosts.includes(self) ? own : []),
    "cat >>/etc/hosts <<'HOSTS'",
    "# cdktf-mastodon begin",
    ...others,
    "# cdktf-mastodon end",
    "HOSTS",
    "",
  ].join("\n");
}

/** The first two numbers of a /16, as a regular expression. */
function networkPattern(cidr: string): string {
  return cidr.split(".").slice(0, 2).join("\\.") + "\\.";
}
