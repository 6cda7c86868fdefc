// The readiness check of a host over HTTP, for load balancers of the cloud: `program.add(...readinessAnswer(9180))`.
// systemd listens on the port and starts a process for each request, so no process runs between requests.

import { join } from "node:path";
import { Step } from "./program";
import { READY_SCRIPT } from "./render/cloud-config";
import { script } from "./script";
import { unit } from "./unit";

const ANSWER_SCRIPT = "/usr/local/sbin/answer-ready";

/** Answers 200 if the ready script succeeds, else 503 with what is missing. */
export function readinessAnswer(port: number): readonly Step[] {
  return [
    { kind: "file", path: ANSWER_SCRIPT, content: ANSWER, mode: "0755" },
    { kind: "file", path: "/etc/systemd/system/answer-ready.socket", content: socket(port) },
    { kind: "file", path: "/etc/systemd/system/answer-ready@.service", content: SERVICE },
    { kind: "start", units: ["answer-ready.socket"] },
  ];
}

const ANSWER = script(join(__dirname, "answer-ready.sh"), { READY_SCRIPT });

function socket(port: number): string {
  return unit({
    Unit: { Description: "Asked whether this machine serves" },
    Socket: { ListenStream: port, Accept: true, MaxConnections: 8 },
    Install: { WantedBy: "sockets.target" },
  });
}

const SERVICE = unit({
  Unit: { Description: "Answers whether this machine serves", CollectMode: "inactive-or-failed" },
  Service: {
    ExecStart: `-${ANSWER_SCRIPT}`,
    StandardInput: "socket",
    StandardOutput: "socket",
    StandardError: "journal",
    TimeoutStartSec: 20,
    RuntimeMaxSec: 20,
    LogLevelMax: "warning",
  },
});
