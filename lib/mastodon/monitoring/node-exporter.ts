// The exporter of the machine itself: processors, memory, disks, network and systemd's units. Other programs may leave metrics of their own as
// `*.prom` files in `TEXTFILES`.

import { NODE_EXPORTER_PORT } from "../ports";
import { Exporter } from "./exporter";
import { exporter } from "./exporter-unit";

/** Where programs leave metrics as files. */
export const TEXTFILES = "/var/lib/prometheus/node-exporter";

/** Those that tell of every machine. The rest is of hardware that a cloud does not show, or many series that nobody asks for. */
const COLLECTORS = [
  "conntrack",
  "cpu",
  "diskstats",
  "filefd",
  "filesystem",
  "loadavg",
  "meminfo",
  "netdev",
  "netstat",
  "os",
  "pressure",
  "sockstat",
  "stat",
  "systemd",
  "textfile",
  "time",
  "timex",
  "uname",
  "vmstat",
];

// A machine that is a container has an overlay as its root, which is left out by default; those of podman's containers are below a directory
// that is always left out.
const NO_DISKS =
  "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|efivarfs|fuse.*|fusectl|hugetlbfs|iso9660|mqueue|nsfs|proc|pstore|ramfs|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tmpfs|tracefs)$";

// Container images, and what the kernel shows as files. podman mounts its store over itself, and the local cloud has one for all machines.
const NO_MOUNTS = "^/(dev|proc|run|sys|var/lib/(containers|shared-images))($|/)";

/** Of Debian's prometheus-node-exporter-collectors. */
const TIMERS = "prometheus-node-exporter-{apt,ipmitool-sensor,mellanox-hca-temp,nvme,smartmon}.timer";

export function nodeExporter(): Exporter {
  return {
    module: "node",
    job: "node",
    port: NODE_EXPORTER_PORT,
    steps: [
      ...exporter("prometheus-node-exporter", {
        options: [
          `--web.listen-address=127.0.0.1:${NODE_EXPORTER_PORT}`,
          "--web.disable-exporter-metrics",
          "--collector.disable-defaults",
          ...COLLECTORS.map((name) => `--collector.${name}`),
          `--collector.filesystem.fs-types-exclude=${NO_DISKS}`,
          `--collector.filesystem.mount-points-exclude=${NO_MOUNTS}`,
          "--collector.netdev.device-exclude=^lo$",
          "--collector.systemd.unit-include=.+[.](service|timer)",
          `--collector.textfile.directory=${TEXTFILES}`,
          "--log.level=warn",
        ],
        // It has to see the mounts of the machine as they are.
        service: { NoNewPrivileges: true },
      }),
      // A disk that is mounted above it hides the package's directory. Where recommended packages are installed, timers come with the exporter that
      // call tools for hardware, and apt.
      {
        kind: "run",
        why: "the directory of metrics",
        script: `install -d -m 0755 ${TEXTFILES}\nsystemctl mask -q ${TIMERS}\n`,
      },
    ],
  };
}
