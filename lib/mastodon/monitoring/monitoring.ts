// Metrics, alerts and an overview of a site: `new Monitoring(site, "Monitoring", { alerts: { to: [byMail("ops@example.org")] } })`.
// It asks nothing of the other tiers of the page: at synth it adds exporters to every host, and a page without it has none.

import { Construct } from "constructs";
import { Host } from "../../core/host";
import { Machine } from "../../core/machine";
import { Pool } from "../../core/pool";
import { Secret } from "../../core/secret";
import { Disk, Size, wrongSize } from "../../core/size";
import { wholeNumber } from "../../core/whole-number";
import { ALERTMANAGER_PEER_PORT, ALERTMANAGER_PORT, EXPORTERS_PORT, OVERVIEW_PORT, TARGETS_PORT } from "../ports";
import { Site } from "../site";
import { alertmanagerConfig, clusterOptions, receiverFiles, sendingOf } from "./alertmanager";
import { alertmanagerSteps } from "./alertmanager-steps";
import { AlertsProps, checkAlerts, limitsOf } from "./alerts";
import { blackbox } from "./blackbox";
import { bootTexts } from "./boot-texts";
import { exporterProxy } from "./exporter-proxy";
import { Exporter } from "./exporter";
import { exportersOf } from "./exporters";
import { EXPORTER_UNIT, externalServers, factsOf } from "./external";
import { CONNECTIONS_OF_AN_EXPORTER, externalExporters } from "./external-exporters";
import { tunnel } from "./forwarded";
import { limitFacts } from "./limit-facts";
import { overviewFacts } from "./overview/facts";
import { overview } from "./overview/steps";
import { tellsPoolsUsed } from "./pools-used";
import { prometheus } from "./prometheus";
import { wrongReaders } from "./readers";
import { registration } from "./registration";
import { rules } from "./rules";
import { keptTargets, membersFile, receivesMembers } from "./targets";
import { watched } from "./watched";

export interface MonitoringProps {
  /**
   * Who hears of faults, and from which values on something is one.
   * @default - nobody: alerts are shown by the overview only
   */
  readonly alerts?: AlertsProps;
  /**
   * The number of machines. Each of two watches everything by itself, and their Alertmanagers agree on who sends a message, so that one machine may be
   * away. A second one is a new machine and replaces the members of all pools, which register with both.
   * @default 1 - while its machine is away nobody is told of anything, but by the dead man's switch
   */
  readonly machines?: 1 | 2;
  /**
   * The size of each of its machines. 14 hosts took 330 MiB here; Prometheus takes some 3 KiB of memory for each further time series, of which a host has
   * 700 to 2,000. A change stops the machine for a while.
   * @default Size.of({ cpus: 1, gib: 2 })
   */
  readonly size?: Size;
  /**
   * The disk of each of its machines, with the metrics, silences and what was told to whom. It is kept when the machine is replaced. Old metrics are
   * removed when they fill four fifths of it. A sample takes 1 to 2 bytes (Prometheus' documentation of its storage), so a host takes 4 to 24 MB a day.
   * @default Disk.gib(50)
   * @throws at synth if it has less than 5 GiB
   */
  readonly disk?: Disk;
  /**
   * Whether its machines serve the overview page. Without it the boot text is a third smaller, which a page may need at Hetzner, where a boot text has
   * 32 KiB: one receiver fits beside the overview, and several with a `Secret` of a large `length` each, or `logs.forwardTo`, do not. A page that is too large is
   * refused and told so. A change replaces nothing: it reaches the machines by a renewal.
   * @default true
   */
  readonly overview?: boolean;
  /**
   * Whether its machines read the PostgreSQL and Redis that run elsewhere, as by `Postgres.external`, `rds` or `managedValkey`. Without it they do not know their passwords,
   * and nobody is told what happens to these servers: you see it as errors of pages. It makes the boot text smaller, which a page may need at Hetzner, where
   * it may have 32 KiB: each different `ca` takes up to 2 KiB of it, and each server some hundred bytes. A change replaces nothing; it reaches the machines
   * by a renewal.
   * @default true
   */
  readonly external?: boolean;
  /**
   * Private address ranges from which port 9080 of its machines is open, for a Grafana in the same network: it reads all metrics and alerts there, and sees
   * the overview. There is no password, and nothing can be changed. Give the address of the Grafana alone, as in `10.20.192.10/32`. A change is delivered, but the
   * first range, and the removal of the last, reach the machines by a renewal, since nginx then listens elsewhere.
   * @default - none: administrators forward the port, and on the local cloud the computer reaches it
   * @throws at synth if one is no range of private IPv4 addresses, or with `overview: false`, whose nginx is what they read through
   */
  readonly readableFrom?: readonly string[];
  /**
   * The tier's position in the address range of its role. A change replaces the machines.
   * @default - from the tier's name
   */
  readonly slot?: number;
}

/** For nginx: whatever address it is reached by. */
const ANY_ADDRESS = "~^[0-9.]+$";

/** Where the disk is. */
const DIRECTORY = "/var/lib/monitoring";
/** A fifth of it is free for what is written before the oldest metrics are removed: the log of the last hours, and a block that is made of others. */
const LEAST_GIB = 5;

export class Monitoring extends Construct {
  readonly machines: readonly Machine[];
  /** Whether its machines read the PostgreSQL and Redis that run elsewhere. */
  readonly readsExternal: boolean;
  /** The exporters of external servers on each of its machines. */
  private readonly external = new Map<Host, readonly Exporter[]>();

  constructor(scope: Construct, id: string, props: MonitoringProps = {}) {
    super(scope, id);
    const site = Site.of(this);
    const name = site.nameOf(this);
    const count = wholeNumber(site.problems, this, "machines", props.machines ?? 1, { least: 1, most: 2 });
    const other = site.shared.monitoring;
    if (other !== undefined) {
      site.problems.add(this, {
        wrong: `${other.node.path} watches this site already`,
        remedy: "remove one of the two; `machines: 2` makes two machines of one",
      });
    }
    this.readsExternal = props.external ?? true;
    site.shared.monitoring ??= this;
    const range = site.range(this, "monitoring", name, props.slot);
    const disk = props.disk ?? Disk.gib(50);
    if (wrongSize(disk) === undefined && disk.gib < LEAST_GIB) {
      site.problems.add(this, {
        wrong: `its disk has ${disk.gib} GiB, and a fifth of that is too little for what Prometheus writes before it removes old metrics`,
        remedy: `use Disk.gib(${LEAST_GIB}) or more`,
      });
    }
    this.machines = Array.from({ length: count }, (_, n) => {
      return new Machine(this, `${n + 1}`, {
        name: `${name}-${n + 1}`,
        role: "monitoring",
        range,
        number: n + 1,
        size: props.size ?? Size.of({ cpus: 1, gib: 2 }),
        disks: { data: disk },
        // A site must be deployed also while nobody watches it; members register until they are heard.
        needed: false,
      });
    });
    site.inventory.tier(this, { kind: "Monitoring", why: "reads the metrics of all hosts, and tells of what is wrong" });
    const alerts = props.alerts ?? {};
    checkAlerts(this, alerts);
    const { readableFrom = [] } = props;
    for (const problem of wrongReaders(props)) site.problems.add(this, problem);
    for (const machine of this.machines) {
      if (props.overview ?? true)
        machine.smallerBy(`give \`overview: false\` to ${this.node.path}, which makes it a third smaller`);
      this.install(machine, disk, alerts);
      if (props.overview ?? true) this.showOverview(machine, readableFrom);
    }
    if (props.overview ?? true) site.nextSteps.add(...this.visit(this.machines[0]!));
    if (other === undefined) site.whenWhole(() => this.watch(site.hosts));
  }

  private install(machine: Machine, disk: Disk, alerts: AlertsProps): void {
    const site = Site.of(this);
    const names = this.machines.map(({ name }) => name);
    const sending = sendingOf(machine, this, alerts);
    const secrets = [...(alerts.to ?? []).map((one) => "secret" in one && one.secret), alerts.deadMansSwitch];
    if (secrets.some((one) => one instanceof Secret)) {
      machine.smallerBy("give the Secrets of its alerts no greater `length` than their values have");
    }
    const { program } = machine;
    program.add({ kind: "mount", device: () => machine.device("data"), at: DIRECTORY });
    machine.runs(this, { unit: "prometheus.service", what: "prometheus", facts: limitFacts(limitsOf(alerts)) });
    machine.runs(this, { unit: "prometheus-alertmanager.service", what: "alertmanager", facts: { port: ALERTMANAGER_PORT } });
    // Prometheus needs both: whom to tell, and where members register.
    alertmanagerSteps(program, {
      directory: DIRECTORY,
      network: machine.site.plan.network.cidr,
      reached: names.length > 1,
      clusterOptions: clusterOptions(machine.name, names),
      config: () => alertmanagerConfig(sending, watched(site, alerts)),
      files: receiverFiles(sending),
    });
    receivesMembers(program);
    prometheus(program, {
      site: site.name,
      self: machine.name,
      directory: DIRECTORY,
      retentionMib: Math.floor(disk.gib * 1024 * 0.8),
      alertmanagers: names,
      kept: () => keptTargets(site.hosts, machine, this.external.get(machine) ?? []),
      rules: () => rules(watched(site, alerts)),
      visits: () => watched(site, alerts).hosts,
    });
    if (site.cloud.can.delivers === true) bootTexts(machine, () => site.hosts);
    blackbox(machine, { verifies: () => site.madeFrontDoor?.selfSigned !== true });
    if (names.length === 1) return;
    for (const peer of this.machines) machine.knows(peer);
    const why = "the alerts that both Prometheus find, each told once";
    for (const port of [ALERTMANAGER_PORT, ALERTMANAGER_PEER_PORT]) machine.open("monitoring", port, why);
    // What one has sent goes to the other in packets, and over TCP only if it is large.
    machine.open("monitoring", ALERTMANAGER_PEER_PORT, why, "udp");
  }

  private showOverview(machine: Machine, readableFrom: readonly string[]): void {
    const site = Site.of(this);
    // Elsewhere than on its own loopback only where somebody reaches it without logging in.
    const open = (site.session.administrators ?? []).length > 0 || readableFrom.length > 0;
    // A name could be any web site's, and an address is nobody's name.
    const address = site.cloud.can.addresses === "computed" ? ANY_ADDRESS : machine.address;
    overview(machine.program, {
      listen: open ? "*" : "127.0.0.1",
      names: open ? [machine.name, address] : [],
      facts: () => overviewFacts(site.inventory.whole),
    });
    machine.openToAdministrators(OVERVIEW_PORT, "the overview");
    machine.openToRanges("readers of metrics", readableFrom, OVERVIEW_PORT, "Grafana, and the overview");
  }

  /** How administrators open the overview, for the end of a deploy. */
  private visit(machine: Machine): readonly string[] {
    const { administrators = [] } = Site.of(this).session;
    if (administrators.length > 0) return [`How it is: http://${machine.address}:${OVERVIEW_PORT}/`];
    const forwarded = tunnel(machine.described.login ?? "");
    if (forwarded === undefined) return [];
    return [`How it is: http://localhost:${OVERVIEW_PORT}/ as long as this runs:`, `  ${forwarded}`];
  }

  /** Makes the exporters of servers that have no host on the page, and counts their connections. */
  private readExternal(): void {
    for (const { server } of externalServers(Site.of(this)).postgres) {
      const each = CONNECTIONS_OF_AN_EXPORTER;
      server.expectsPooler(this, { processes: this.machines.length, each, reads: false, doubles: false });
    }
    for (const machine of this.machines) {
      const exporters = externalExporters(machine);
      this.external.set(machine, exporters);
      if (exporters.length > 0) {
        machine.smallerBy("give the passwords of external servers as Secrets of no greater `length` than their values have");
        machine.smallerBy(`give \`external: false\` to ${this.node.path}, which leaves servers elsewhere unread`);
      }
      for (const { unit, server } of exporters) machine.runs(this, { unit, what: EXPORTER_UNIT, facts: factsOf(server) });
    }
  }

  /** Adds the exporters to all hosts, and lets these be found. */
  private watch(hosts: readonly Host[]): void {
    const { madeFrontDoor: door, shared } = Site.of(this);
    if (shared.usedPools.length > 0) for (const machine of this.machines) tellsPoolsUsed(machine);
    // Where no name service knows the public names.
    for (const { host } of door?.machine === undefined ? [] : door.routes)
      for (const machine of this.machines) machine.knows({ name: host, address: door!.machine!.address });
    this.readExternal();
    for (const host of hosts) {
      const exporters = [...exportersOf(host), ...(this.external.get(host) ?? [])];
      exporterProxy(host.program, exporters);
      host.open("monitoring", EXPORTERS_PORT, "its metrics");
      if (!(host instanceof Pool)) {
        for (const machine of this.machines) machine.knows(host);
        continue;
      }
      for (const machine of this.machines) {
        machine.open(host.role, TARGETS_PORT, "members of pools say that they are there");
        host.knows(machine);
      }
      const { network } = host.site.plan;
      registration(host.program, {
        network: network.cidr,
        monitors: this.machines.map((machine) => machine.name),
        file: membersFile(host, exporters),
      });
    }
  }
}
