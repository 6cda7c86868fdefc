// Whether a cloud overlooks anything: `conformance(hetzner({ … }), { "machine.packages": "Debian installs them at boot" })` must be empty.
// A back-end may refuse a spec; a field that it never reads is a promise that it silently breaks.

import { App, TerraformStack, Testing } from "cdktf";
import { AddressPlan, Role } from "../core/address-plan";
import { Cloud, FrontDoorSpec, MachineSpec, MailboxSpec, NetworkSpec, PoolSpec, RouteSpec } from "../core/cloud";
import { Flow } from "../core/flow";
import { Size } from "../core/size";

const plan = AddressPlan.of("10.20.0.0/16");
const roles = [
  "cloud",
  "postgres",
  "pgbouncer",
  "redis",
  "web",
  "streaming",
  "sidekiq",
  "own",
] as const satisfies readonly Role[];
const openings: readonly Flow[] = [
  { from: "web", sources: [plan.role("web").cidr], to: "probe", port: 5432, why: "conformance" },
];
const late = {
  packages: () => ["nginx-light"],
  images: () => ["example.org/probe:1"],
  bootText: () => "#cloud-config\n",
  openings: () => openings,
};

/**
 * Makes one of everything and returns each field of a spec that the cloud has not read.
 * @param excused fields that it need not read, each with the reason
 */
export function conformance(cloud: Cloud, excused: Readonly<Record<string, string>> = {}): readonly string[] {
  const unread = new Set<string>();
  const stack = new TerraformStack(new App(), "conformance");
  const watched = <Spec extends object>(name: string, spec: Spec): Spec => watch(name, spec, unread);
  const network = cloud.network(
    stack,
    watched<NetworkSpec>("network", {
      site: "probe",
      cidr: plan.network.cidr,
      roles: Object.fromEntries(roles.map((role) => [role, plan.role(role).cidr])) as Record<Role, string>,
    }),
  );
  const size = Size.of({ cpus: 1, gib: 1 });
  const disks = [watched("disk", { name: "data", gib: 10 })];
  const tier = plan.tier("postgres", 1);
  const address = plan.machine(tier, 1);
  const kept = {
    network,
    name: "kept-1",
    role: "postgres",
    range: tier.cidr,
    address,
    size,
    disks,
    onChange: "keep",
    ...late,
  } as const;
  cloud.machine(stack, "Kept", watched<MachineSpec>("machine", kept));
  const range = plan.tier("web", 1).cidr;
  const files = () => cloud.can.sharedFiles !== undefined;
  const many = { network, name: "web", role: "web", range, machines: 2, size, roll: "start-first", files, ...late } as const;
  const pool = cloud.pool(stack, "Pool", watched<PoolSpec>("pool", many));
  cloud.mailbox?.(stack, watched<MailboxSpec>("mailbox", { network, openings: () => openings }));
  const door = cloud.frontDoor(stack, "Door", watched<FrontDoorSpec>("frontDoor", { network, domain: "social.example" }));
  const check = watched("check", { port: 80, path: "/health", status: 200 });
  door.route("web", watched<RouteSpec>("route", { host: "social.example", pool, port: 80, check }));
  Testing.synth(stack, true);
  return [...unread].filter((field) => excused[field] === undefined).sort();
}

function watch<Spec extends object>(name: string, spec: Spec, unread: Set<string>): Spec {
  for (const field of Object.keys(spec)) unread.add(`${name}.${field}`);
  return new Proxy(spec, {
    get: (target, field) => {
      unread.delete(`${name}.${String(field)}`);
      return Reflect.get(target, field) as unknown;
    },
    ownKeys: () => {
      throw new Error(`a cloud must read the fields of a ${name} one by one, not copy it whole`);
    },
  });
}
