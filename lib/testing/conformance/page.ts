// The page for the rules: kept machines that connect to each other, two pools, a front door, secrets and shared files.

import { App, TerraformStack, Testing } from "cdktf";
import { AddressPlan } from "../../core/address-plan";
import { Cloud } from "../../core/cloud";
import { Endpoint } from "../../core/endpoint";
import { Machine } from "../../core/machine";
import { Pool } from "../../core/pool";
import { Secret } from "../../core/secret";
import { Site } from "../../mastodon/site";
import { Scale } from "../../core/scale";
import { Disk, Size } from "../../core/size";

export const SECRET = "probe_password";
export const HOST = "social.example";

/** What is different about a page. */
export interface Variation {
  /** How many kept machines the tier has. @default 2 */
  readonly machines?: number;
  /** The name of the tier of kept machines. @default "Kept" */
  readonly kept?: string;
  /** A line of the kept machines' program. @default - none */
  readonly keptLine?: string;
  /** The name of the first pool. @default "Web" */
  readonly web?: string;
  /** What a setting of the kept machines is. @default "one" */
  readonly setting?: string;
  /** How many members the first pool has. @default 2 */
  readonly members?: number;
  /** Whether a second tier of the first pool's role is there. @default false */
  readonly more?: boolean;
  /** Whether the page is written from its end. @default false */
  readonly reversed?: boolean;
  /** A line of the first pool's program. */
  readonly line?: string;
}

export interface Probe {
  readonly site: Site;
  /** What Terraform gets, as `cdk.tf.json` has it. */
  readonly plan: Plan;
}

export interface Plan {
  readonly resource?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly locals?: Readonly<Record<string, unknown>>;
  readonly output?: Readonly<Record<string, { readonly value: unknown; readonly sensitive?: boolean }>>;
  readonly variable?: Readonly<Record<string, unknown>>;
}

/** The text in every boot text of the first pool by which it is found in a plan. */
export const LINE = "echo probe of conformance";

/** By this a setting of a kept machine is found in a plan. */
export const SETTING = "setting of conformance";
const TAKEN = { what: "the probe", does: "reload", script: "reload probe" } as const;

export function probe(cloud: Cloud, of: Variation = {}): Probe {
  const stack = new TerraformStack(new App(), "conformance");
  const site = new Site(stack, "Probe", { cloud, domain: HOST, version: "4.7.6" });
  const size = Size.of({ cpus: 2, gib: 4 });
  const secret = new Secret(site, SECRET, { length: 32, description: "What every host of the probe holds." });
  const kept = of.kept ?? "Kept";
  const range = site.range(site, "postgres", kept.toLowerCase());
  const machines = Array.from({ length: of.machines ?? 2 }, (_, n) => {
    const name = `${kept.toLowerCase()}-${n + 1}`;
    return new Machine(site, `${kept}${n + 1}`, {
      name,
      role: "postgres",
      range,
      number: n + 1,
      size,
      disks: { data: Disk.gib(20) },
    });
  });
  const endpoints = machines.map((machine) => Endpoint.on(machine, 5432, machine.name));
  for (const machine of machines) {
    machine.program.add({ kind: "mount", device: () => machine.device("data"), at: "/srv/data" });
    machine.program.add({ kind: "file", path: "/etc/probe", content: () => `password=${String(secret)}\n`, mode: "0600" });
    machine.program.add({
      kind: "file",
      path: "/etc/probe.settings",
      content: `${SETTING}=${of.setting ?? "one"}\n`,
      taken: TAKEN,
    });
    if (cloud.can.scalesByUse === true) machine.measuresPools("/usr/local/sbin/probe-used");
    if (of.keptLine !== undefined) machine.program.add({ kind: "run", why: "probe", script: of.keptLine });
    // Two know each other, as databases do.
    for (const peer of machines.slice(0, 2)) machine.knows(peer);
    machine.open("postgres", 5432, "replication");
  }
  const pools = [
    () => {
      const web = pool(site, of.web ?? "Web", "web", of.members ?? 2, size, scaleOn(cloud));
      web.isMeasured();
      web.program.add({ kind: "run", why: "probe", script: of.line ?? LINE });
      web.program.add({ kind: "image", names: ["example.org/probe:1"] });
      web.shareFiles();
      site.frontDoor.route(HOST, web, { port: 80, path: "/health", status: 200 }, 1000);
      return web;
    },
    () => pool(site, "Jobs", "sidekiq", 1, size, undefined, "stop-first"),
    ...(of.more === true ? [() => pool(site, "More", "web", 1, size)] : []),
  ];
  for (const make of of.reversed === true ? pools.reverse() : pools) {
    const made = make();
    // Of the machines only the first two are asked for, as sentinels are, so that one more of them changes no caller.
    for (const endpoint of endpoints.slice(0, 2)) endpoint.reachedBy(made, "reads and writes");
    made.program.add({ kind: "file", path: "/etc/probe", content: () => `password=${String(secret)}\n`, mode: "0600" });
    site.mailbox?.reachedBy(made, "mail");
    if (cloud.can.identity === true) made.asksAsItself(991, "files");
  }
  return { site, plan: JSON.parse(Testing.synth(stack, true)) as Plan };
}

function scaleOn({ can }: Cloud): Scale | undefined {
  return can.scales === true ? { most: 8, ...(can.scalesByUse === true && { usedPercent: 60 }) } : undefined;
}

function pool(
  site: Site,
  id: string,
  role: "web" | "sidekiq",
  machines: number,
  size: Size,
  scale?: Scale,
  roll?: "stop-first",
): Pool {
  const name = id.toLowerCase();
  return new Pool(site, id, { name, role, range: site.range(site, role, name), machines, scale, size, ...(roll && { roll }) });
}

/** The addresses that a tier may have, for rules that look for them. */
export const NETWORK = AddressPlan.of("10.20.0.0/16").network.cidr;
