// rsyslog hands the journal of a host over to a collector, by TLS (RFC 5425): `forwarding(host.program, { host, port, authorities })`.
// It reads the journal and writes no file of its own. While the collector is away it stops reading, and the journal is the queue, within its own limits.

import { Program, Taken } from "../../core/program";
import { NEVER_GIVEN_UP, unit } from "../../core/unit";

const CONF = "/etc/rsyslog.conf";
/** Its place in the journal, and the lines that it has read and not handed over when it stops. */
const STATE = "/var/spool/rsyslog";

export interface Forwarding {
  /** The name in the collector's certificate. */
  readonly host: string;
  readonly port: number;
  /** The file with the certificate authorities. */
  readonly authorities: string;
}

export const FORWARDING_TAKEN: Taken = {
  what: "the forwarding of logs",
  does: "restart",
  check: `rsyslogd -N1 -f ${CONF}`,
  script: "! runs rsyslog || systemctl restart rsyslog",
};

export function forwarding(program: Program, to: Forwarding): void {
  program
    .add({ kind: "package", names: ["rsyslog", "rsyslog-openssl", "ca-certificates"] })
    .add({ kind: "file", path: CONF, content: conf(to), taken: FORWARDING_TAKEN })
    .add({ kind: "file", path: "/etc/systemd/system/rsyslog.service.d/10-mastodon.conf", content: UNIT })
    .add({ kind: "start", units: ["rsyslog.service"] });
}

// The journal has its errors. On its standard error it writes thousands of lines when it is stopped while the collector is away.
const UNIT = unit({
  Unit: NEVER_GIVEN_UP,
  Service: {
    Restart: "always",
    RestartSec: 5,
    TimeoutStopSec: 10,
    StandardError: "null",
    // Of all services it is the first that a machine can do without.
    OOMScoreAdjust: 500,
    MemoryMax: "128M",
  },
});

// Debian's own file is replaced: it writes all lines into files once more. What packages add to it in /etc/rsyslog.d is not read either.
//
// The queue is in memory, and only written when rsyslog stops. With `timeoutEnqueue` a full queue makes the reader wait, for three weeks, where it would
// drop lines. `resumeRetryCount` never gives a line up. The limit of imjournal would drop lines as well; journald has one.
//
// The template has the message and what syslog has places for, and as structured data the unit, since a container's lines have podman's names. No other
// field of the journal leaves the machine: among them are the command lines of processes.
function conf({ host, port, authorities }: Forwarding): string {
  return `global(workDirectory="${STATE}" maxMessageSize="64k")
main_queue(
  queue.type="LinkedList" queue.size="2000" queue.timeoutEnqueue="2000000000"
  queue.filename="unsent" queue.maxDiskSpace="64m" queue.saveOnShutdown="on"
  queue.timeoutShutdown="100" queue.timeoutActionCompletion="100"
)
module(load="imjournal" stateFile="journal" persistStateInterval="100" usePid="system" ratelimit.interval="0")
template(name="line" type="string"
  string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% %PROCID% - [journal@32473 unit=\\"%$!_SYSTEMD_UNIT%\\"] %msg%")
action(
  type="omfwd" target="${host}" port="${port}" protocol="tcp" TCP_Framing="octet-counted" template="line"
  StreamDriver="ossl" StreamDriverMode="1" StreamDriver.CAFile="${authorities}"
  StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="${host}"
  KeepAlive="on" action.resumeRetryCount="-1" action.resumeInterval="10" action.resumeIntervalMax="60"
)
`;
}
