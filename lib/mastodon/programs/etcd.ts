// A member of etcd on a machine: `etcd(program, plan)`.

import { join } from "node:path";
import { Program } from "../../core/program";
import { script } from "../../core/script";
import { Secret } from "../../core/secret";
import { AT_BOOT, NEVER_GIVEN_UP, RESTARTED, unit } from "../../core/unit";
import { ETCD_PEER_PORT, ETCD_PORT, PATRONI_PORT } from "../ports";

export interface EtcdPlan {
  /** The cluster's name. */
  readonly cluster: string;
  /** Its own machine's name, which is also the member's. */
  readonly self: string;
  /** The machines of all members. */
  readonly members: readonly string[];
  /** Whether it begins the cluster, once all others have said that they are empty. */
  readonly first: boolean;
  /** Whether its machine may have the primary of PostgreSQL. */
  readonly besidePostgres: boolean;
  readonly password: Secret;
}

const SECRETS = "/etc/mastodon/etcd.secrets";
const CONSOLE = "/usr/local/sbin/etcd-console";
const START = "/usr/local/sbin/etcd-start";
const USERS = "/usr/local/sbin/etcd-users";
const KEEP = "/usr/local/sbin/etcd-keep";
const LEADER = "/usr/local/sbin/etcd-leader";
const PREPARED = "/var/lib/cdktf-mastodon-etcd";
const READY = "/usr/local/sbin/etcd-ready";
const ALONE = "/usr/local/sbin/etcd-alone";
/** Written before each start, with the way in which this member begins. */
const BEGINS = "/run/etcd-begins.env";

/**
 * A lost leader is noticed after ten missed heartbeats. etcd's own 100 ms are for disks that it has for itself; a machine that shares its disk
 * would lose its leader to each pause of a second. Patroni tries for `retry_timeout`, so a new leader after 2 to 4 s is soon enough.
 */
const HEARTBEAT_MS = 200;
const ELECTION_MS = 2000;
/** What PostgreSQL's clusters keep here is some kilobytes. */
const MOST_BYTES = 256 * 1024 * 1024;
/** `ready` calls a disk slow from here on. etcd's documentation asks for 10 ms; a lease of 20 s bears more. */
const SLOW_MS = 64;

export function etcd(program: Program, plan: EtcdPlan): void {
  // On the disk that the machine keeps, if it has one.
  const mounted = program.steps.find((step) => step.kind === "mount");
  const directory = mounted === undefined || mounted.at === "/var/lib/etcd" ? "/var/lib/etcd" : `${mounted.at}/etcd`;
  const values = { SELF: plan.self, MEMBERS: plan.members.join(" "), CONSOLE, DIRECTORY: directory, ETCD_PEER_PORT };
  program
    .add({ kind: "package", names: ["etcd-server", "etcd-client", "curl"] })
    .add({ kind: "file", path: SECRETS, content: `ETCD_PASSWORD=${plan.password}\n`, mode: "0600" })
    .add({ kind: "file", path: "/etc/default/etcd", content: settings(plan, directory) })
    .add({
      kind: "file",
      path: CONSOLE,
      content: script(join(__dirname, "etcd-console.sh"), { SECRETS, ETCD_PORT }),
      mode: "0755",
    })
    .add({
      kind: "file",
      path: START,
      content: script(join(__dirname, "etcd-start.sh"), { ...values, ETCD_PORT, BEGINS, FIRST: plan.first ? "yes" : "no" }),
      mode: "0755",
    })
    .add({
      kind: "file",
      path: USERS,
      content: script(join(__dirname, "etcd-users.sh"), { CONSOLE, SECRETS, ETCD_PORT }),
      mode: "0755",
    })
    .add({
      kind: "file",
      path: KEEP,
      content: script(join(__dirname, "etcd-keep.sh"), { CONSOLE, DIRECTORY: directory }),
      mode: "0755",
    })
    .add({ kind: "file", path: ALONE, content: script(join(__dirname, "etcd-alone.sh"), values), mode: "0755" })
    .add({
      kind: "file",
      path: "/etc/systemd/system/etcd.service.d/10-mastodon.conf",
      content: unit({
        // Its users at each start, since it may have lost its disk.
        Unit: { ...NEVER_GIVEN_UP, RequiresMountsFor: directory, ConditionPathExists: PREPARED, Wants: "etcd-users.service" },
        Service: {
          EnvironmentFile: `-${BEGINS}`,
          ExecStartPre: START,
          ExecStopPost: `-/bin/rm -f ${BEGINS}`,
          TimeoutStartSec: "infinity",
          OOMScoreAdjust: -500,
          ...RESTARTED,
        },
      }),
    })
    .add({
      kind: "file",
      path: "/etc/systemd/system/etcd-users.service",
      content: unit({
        Unit: { Description: "Users of etcd", After: "etcd.service", ...NEVER_GIVEN_UP },
        Service: { Type: "simple", ExecStart: USERS, Restart: "on-failure", RestartSec: 1 },
        Install: AT_BOOT,
      }),
    })
    .add({ kind: "file", path: "/etc/systemd/system/etcd-empty.socket", content: EMPTY_SOCKET })
    .add({ kind: "file", path: "/etc/systemd/system/etcd-empty@.service", content: EMPTY_SERVICE })
    .add({
      kind: "file",
      path: "/etc/systemd/system/etcd-keep.service",
      content: unit({
        Unit: { Description: "Frees what etcd no longer needs, and keeps a snapshot of it" },
        Service: { Type: "oneshot", ExecStart: KEEP, LogLevelMax: "notice" },
      }),
    })
    .add({
      kind: "file",
      path: "/etc/systemd/system/etcd-keep.timer",
      content: unit({
        Unit: { Description: "Once a day" },
        Timer: { OnActiveSec: DAY_SECONDS, OnUnitActiveSec: DAY_SECONDS },
        Install: { WantedBy: "timers.target" },
      }),
    })
    .add({ kind: "run", why: "etcd", script: script(join(__dirname, "etcd.sh"), { DIRECTORY: directory, PREPARED }) })
    .add({ kind: "start", units: ["etcd-keep.timer"] })
    .add({
      kind: "file",
      path: READY,
      content: script(join(__dirname, "etcd-ready.sh"), {
        SELF: plan.self,
        MEMBERS: values.MEMBERS,
        CONSOLE,
        ETCD_PORT,
        ETCD_PEER_PORT,
        SLOW_MS,
      }),
      mode: "0755",
    })
    .readyWhen(READY);
  if (plan.besidePostgres) leaderElsewhere(program, values);
}

const DAY_SECONDS = 86_400;
/** A primary that is lost within this time after it has begun may take some seconds longer to replace. Most times it costs two questions by HTTP. */
const LEADER_SECONDS = 5;

function leaderElsewhere(program: Program, { SELF, MEMBERS }: { readonly SELF: string; readonly MEMBERS: string }): void {
  program
    .add({
      kind: "file",
      path: LEADER,
      content: script(join(__dirname, "etcd-leader.sh"), { SELF, MEMBERS, CONSOLE, ETCD_PORT, PATRONI_PORT }),
      mode: "0755",
    })
    .add({
      kind: "file",
      path: "/etc/systemd/system/etcd-leader.service",
      content: unit({
        Unit: { Description: "Keeps etcd's leader off the machine of the primary" },
        Service: { Type: "oneshot", ExecStart: LEADER, LogLevelMax: "notice" },
      }),
    })
    .add({
      kind: "file",
      path: "/etc/systemd/system/etcd-leader.timer",
      content: unit({
        Unit: { Description: "Every few seconds" },
        Timer: { OnActiveSec: LEADER_SECONDS, OnUnitActiveSec: LEADER_SECONDS, AccuracySec: 1 },
        Install: { WantedBy: "timers.target" },
      }),
    })
    .add({ kind: "start", units: ["etcd-leader.timer"] });
}

function settings({ cluster, self, members }: EtcdPlan, directory: string): string {
  const all = members.map((name) => `${name}=http://${name}:${ETCD_PEER_PORT}`).join(",");
  return [
    `ETCD_NAME=${self}`,
    `ETCD_DATA_DIR=${directory}/${self}`,
    `ETCD_LISTEN_CLIENT_URLS=http://[::]:${ETCD_PORT}`,
    `ETCD_ADVERTISE_CLIENT_URLS=http://${self}:${ETCD_PORT}`,
    `ETCD_LISTEN_PEER_URLS=http://[::]:${ETCD_PEER_PORT}`,
    `ETCD_INITIAL_ADVERTISE_PEER_URLS=http://${self}:${ETCD_PEER_PORT}`,
    `ETCD_INITIAL_CLUSTER=${all}`,
    `ETCD_INITIAL_CLUSTER_TOKEN=${cluster}`,
    "ETCD_INITIAL_CLUSTER_STATE=new",
    `ETCD_HEARTBEAT_INTERVAL=${HEARTBEAT_MS}`,
    `ETCD_ELECTION_TIMEOUT=${ELECTION_MS}`,
    `ETCD_QUOTA_BACKEND_BYTES=${MOST_BYTES}`,
    "ETCD_AUTO_COMPACTION_MODE=periodic",
    "ETCD_AUTO_COMPACTION_RETENTION=1h",
    "ETCD_LOG_LEVEL=error",
    "",
  ].join("\n");
}

// systemd itself answers, on the port of etcd's members, that this one is empty and waits: so nobody begins a second cluster while another has data.
const EMPTY_SOCKET = unit({
  Unit: { Description: "Says that this member of etcd is empty" },
  Socket: { ListenStream: ETCD_PEER_PORT, Accept: true, MaxConnections: 8 },
});
const EMPTY_SERVICE = unit({
  Unit: { Description: "Says that this member of etcd is empty", CollectMode: "inactive-or-failed" },
  Service: { ExecStart: "-/bin/echo empty", StandardInput: "socket", StandardOutput: "socket", LogLevelMax: "warning" },
});
