// The votes that decide which PostgreSQL is primary: `new Etcd(site, "Etcd", { on: redis })`.

import { Construct } from "constructs";
import { Machine } from "../core/machine";
import { spreadVoters } from "../core/quorum";
import { Disk, Size } from "../core/size";
import { Site } from "./site";
import { ETCD_PEER_PORT, ETCD_PORT } from "./ports";
import { etcd } from "./programs/etcd";
import { secret } from "./secrets";

/** A tier whose machines are kept, such as a Redis, a Postgres or a PgBouncer. */
export interface KeptTier {
  readonly machines: readonly Machine[];
}

export interface EtcdProps {
  /**
   * Tiers on whose machines its members run: the first `members` of them in the order given, as `on: redis` or `on: [pool, database]`. No machine
   * is added then. Name the tier that may grow last, since another machine of it would otherwise move a vote. A member has its data on the first disk that its machine mounts; without one, on the machine's own disk, and is made anew
   * from the others when the machine is. Do not change it while the site runs: another etcd does not know which machine is primary.
   * @default - machines of its own
   */
  readonly on?: KeptTier | readonly KeptTier[];
  /**
   * The number of members. Three serve while one is away, five while two are. From 3 to 5 the new members are taken in one after the other; from 5 to 3
   * the two that leave count until `etcd-console member remove` takes them out.
   * @default 3
   */
  readonly members?: 3 | 5;
  /**
   * The size of each of its own machines. etcd uses little CPU time and less than 100 MB of memory here. A change stops the machine for a while.
   * @default Size.of({ cpus: 1, gib: 1 })
   */
  readonly size?: Size;
  /**
   * The data disk of each of its own machines. It is kept when the machine is replaced. etcd waits for each write to reach the disk, so a slow one
   * delays a failover; `ready` tells how long they take.
   * @default Disk.gib(10)
   */
  readonly disk?: Disk;
  /**
   * The tier's position in the address range of its role. A change replaces the machines.
   * @default - from the tier's name
   */
  readonly slot?: number;
}

export class Etcd extends Construct {
  /** The machines with a member each. */
  readonly machines: readonly Machine[];

  constructor(scope: Construct, id: string, props: EtcdProps = {}) {
    super(scope, id);
    const site = Site.of(this);
    const members = props.members ?? 3;
    if (members !== 3 && members !== 5) {
      site.problems.add(this, {
        wrong: `members is ${String(members)}`,
        remedy: "use 3 or 5: with an even number one more machine may be lost, and no more than with one less",
      });
    }
    const own = (["size", "disk", "slot"] as const).filter((prop) => props.on !== undefined && props[prop] !== undefined);
    if (own.length > 0) {
      site.problems.add(this, {
        wrong: `${own.join(", ")} is given, but it has no machines of its own`,
        remedy: "leave it out, or leave `on` out",
      });
    }
    const given = props.on === undefined ? undefined : [...new Set([props.on].flat().flatMap(({ machines }) => machines))];
    if (given !== undefined && given.length < members) {
      site.problems.add(this, {
        wrong: `\`on\` names ${given.length} machines for ${members} members`,
        remedy: `name tiers with ${members} kept machines in all, or leave \`on\` out`,
      });
    }
    this.machines = given?.slice(0, members) ?? this.make(members === 5 ? 5 : 3, props);
    for (const other of site.shared.etcds) {
      const both = other.machines.find((machine) => this.machines.includes(machine));
      if (both === undefined) continue;
      site.problems.add(this, {
        wrong: `${both.name} already has a member of ${other.node.path}`,
        remedy: "give it other machines; one Etcd may serve several Postgres",
      });
    }
    site.shared.etcds.push(this);
    spreadVoters(this, this.machines, "members");
    site.inventory.tier(this, { kind: "Etcd", why: "decides which PostgreSQL is primary" });
    const roles = [...new Set(this.machines.map(({ role }) => role))];
    for (const [n, machine] of this.machines.entries()) {
      for (const role of roles) machine.open(role, ETCD_PEER_PORT, "members of etcd among themselves");
      for (const role of new Set([...roles, "postgres" as const])) machine.open(role, ETCD_PORT, "which PostgreSQL is primary");
      for (const peer of this.machines) machine.knows(peer);
      machine.runs(this, { unit: "etcd.service", what: "etcd", facts: { port: ETCD_PORT, first: n === 0 } });
      etcd(machine.program, {
        cluster: site.nameOf(this),
        self: machine.name,
        members: this.machines.map(({ name }) => name),
        first: n === 0,
        besidePostgres: machine.role === "postgres",
        password: secret(site, "etcd_password"),
      });
    }
  }

  /** The etcd of a page that has one only. It may come later on the page, so this is called at synth. */
  static only(site: Site): Etcd | undefined {
    const { etcds } = site.shared;
    return etcds.length === 1 ? etcds[0] : undefined;
  }

  private make(members: number, props: EtcdProps): readonly Machine[] {
    const site = Site.of(this);
    const name = site.nameOf(this);
    const range = site.range(this, "etcd", name, props.slot);
    return Array.from({ length: members }, (_, n) => {
      const machine = new Machine(this, `${n + 1}`, {
        name: `${name}-${n + 1}`,
        role: "etcd",
        range,
        number: n + 1,
        size: props.size ?? Size.of({ cpus: 1, gib: 1 }),
        disks: { data: props.disk ?? Disk.gib(10) },
      });
      machine.program.add({ kind: "mount", device: () => machine.device("data"), at: "/var/lib/etcd" });
      return machine;
    });
  }
}
