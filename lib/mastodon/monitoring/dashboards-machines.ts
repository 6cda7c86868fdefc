// Grafana's dashboard of machines, whatever runs on them: `instance` chooses some.

import { graph, Row, stack } from "./dashboards-panel";
import { DISKS } from "./overview/queries";

const RATE = "$__rate_interval";
const HERE = 'instance=~"$instance"';
const NAME = "{{instance}}";
// Of pods and containers on the machine, not of its own network.
const CARDS = 'device!~"lo|veth.*|podman.*|cni.*"';

export function machineRows(): readonly Row[] {
  return [
    { title: "Processors and memory", panels: PROCESSORS },
    { title: "Disks", panels: SPACE },
    { title: "Network and system", panels: NETWORK },
  ];
}

const PROCESSORS = [
  graph({
    title: "CPU",
    why: "The share of all processors' time.",
    unit: "percentunit",
    queries: [{ expr: `1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle",${HERE}}[${RATE}]))`, name: NAME }],
    limits: { warning: 0.9 },
    max: 1,
    width: 8,
  }),
  graph({
    title: "Waiting for a processor",
    why: "The share of time in which some process could run and had no processor. Unlike the load, it says how much is lost.",
    unit: "percentunit",
    queries: [{ expr: `rate(node_pressure_cpu_waiting_seconds_total{${HERE}}[${RATE}])`, name: NAME }],
    width: 8,
  }),
  graph({
    title: "Memory",
    why: "The share that is not available to processes. Above 95 % the kernel soon ends one.",
    unit: "percentunit",
    queries: [{ expr: `1 - node_memory_MemAvailable_bytes{${HERE}} / node_memory_MemTotal_bytes{${HERE}}`, name: NAME }],
    limits: { warning: 0.95 },
    max: 1,
    width: 8,
  }),
];

const SPACE = [
  graph({
    title: "Space in use",
    why: "The share of each file system. Disks of kept machines grow by the page.",
    unit: "percentunit",
    queries: [
      {
        expr: `max by (instance, mountpoint) (1 - node_filesystem_avail_bytes{${DISKS},${HERE}} / node_filesystem_size_bytes{${DISKS},${HERE}})`,
        name: "{{instance}} {{mountpoint}}",
      },
    ],
    limits: { warning: 0.9, critical: 0.96 },
    max: 1,
    width: 8,
  }),
  graph({
    title: "Busy disks",
    why: "The share of time in which a disk had something to do. Disks of clouds do several things at once, so 100 % alone is no fault.",
    unit: "percentunit",
    queries: [
      {
        expr: `max by (instance, device) (rate(node_disk_io_time_seconds_total{${HERE}}[${RATE}]))`,
        name: "{{instance}} {{device}}",
      },
    ],
    max: 1,
    width: 8,
  }),
  graph({
    title: "Waiting for a disk",
    why: "The share of time in which some process waited for a disk.",
    unit: "percentunit",
    queries: [{ expr: `rate(node_pressure_io_waiting_seconds_total{${HERE}}[${RATE}])`, name: NAME }],
    width: 8,
  }),
];

const NETWORK = [
  stack({
    title: "Received",
    why: "Bytes a second.",
    unit: "Bps",
    queries: [{ expr: `sum by (instance) (rate(node_network_receive_bytes_total{${CARDS},${HERE}}[${RATE}]))`, name: NAME }],
    width: 8,
  }),
  stack({
    title: "Sent",
    why: "Bytes a second.",
    unit: "Bps",
    queries: [{ expr: `sum by (instance) (rate(node_network_transmit_bytes_total{${CARDS},${HERE}}[${RATE}]))`, name: NAME }],
    width: 8,
  }),
  graph({
    title: "Failed units",
    why: "Services of systemd that have failed. `systemctl --failed` on the machine names them.",
    unit: "none",
    queries: [
      { expr: `sum by (instance, name) (node_systemd_unit_state{state="failed",${HERE}} == 1)`, name: "{{instance}} {{name}}" },
    ],
    limits: { warning: 1 },
    width: 8,
  }),
];
