// Requests wait in HAProxy in front of Puma, limited in number and time; excess requests get a 503 at once:
// `pumaQueue(program, { threads, network, frontDoor: [] })`. The front door's health check has a queue and a thread of its own, so it distinguishes a busy Puma
// from a hung one.

import { HEALTH_TIMEOUT_SECONDS } from "../../core/limits";
import { Program } from "../../core/program";
import { PUMA_PORT, PUMA_QUEUE_PORT } from "../ports";
import { hostProxy } from "./host-proxy";

export interface PumaQueuePlan {
  /** Puma's processes on this machine. */
  readonly processes: number;
  /** The threads of each. */
  readonly threads: number;
  /** The site's network, in which the front door is. */
  readonly network: string;
  /** Where the front door is, if not in the network. */
  readonly frontDoor: readonly string[];
}

/** Puma's threads that are reserved for health checks. */
export const KEPT_THREADS = 1;

// Longer waits do not serve more requests. With this limit a response arrives within 1.5 s.
const QUEUE_MS = 1000;
// The fastest pages take 50 ms, so a thread works off 20 while the last of them waits. Beyond that, waiting is in vain. Few machines have
// more than 100 threads, and a queue of 2000 is memory enough.
const QUEUED_PER_THREAD = 20;
const MOST_QUEUED = 2000;

/** The maximum of waiting requests. */
export function queued(threads: number): number {
  return Math.min((threads - KEPT_THREADS) * QUEUED_PER_THREAD, MOST_QUEUED);
}

export function pumaQueue(program: Program, { processes, threads, network, frontDoor }: PumaQueuePlan): void {
  const all = processes * threads;
  program.add({ kind: "file", path: BUSY_PAGE, content: BUSY });
  // nginx would keep the last good answer beside what is gone now, and give it again while Puma is busy: for a second it keeps this one instead.
  hostProxy(program, {
    what: "Puma",
    text: `${FRONTEND.replace("NETWORK", [network, ...frontDoor].join(" "))}
backend puma
  mode http
  option http-server-close
  retries 0
  timeout queue ${QUEUE_MS}ms
  timeout server 130s
  http-response set-header X-Accel-Expires 1 if { status 403 404 410 }
  http-error status 503 content-type "text/html; charset=utf-8" file ${BUSY_PAGE} hdr Retry-After 5 hdr Cache-Control no-store
  http-request deny deny_status 503 if { queue(puma) ge ${queued(all)} }
  server puma 127.0.0.1:${PUMA_PORT} maxconn ${all - KEPT_THREADS}

${health(processes, threads)}`,
  });
}

const BUSY_PAGE = "/etc/haproxy/busy.html";
const BUSY = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Busy</title>
<style>body { font-family: sans-serif; margin: 20vh auto 0; max-width: 30em; padding: 0 1em; text-align: center; color: #333; background: #fff }</style>
</head>
<body>
<h1>Busy</h1>
<p>More people are here than this server can serve at once. Please try again in a few seconds.</p>
</body>
</html>
`;

// nginx asks, and waits 120 s for an answer: here nothing may end sooner. It has judged the request already, so nothing is refused here that
// Puma would take. Whoever asks for /health from outside waits like everybody; a front door, or the machine itself, is in the site's network,
// and nginx says last in X-Forwarded-For who asks.
const FRONTEND = `frontend puma
  mode http
  bind 127.0.0.1:${PUMA_QUEUE_PORT}
  option accept-invalid-http-request
  timeout http-request 30s
  timeout http-keep-alive 60s
  timeout client 130s
  acl from_front_door req.hdr_ip(x-forwarded-for,-1) 127.0.0.0/8 NETWORK
  use_backend puma-health if { path /health } from_front_door
  default_backend puma
`;

/** The response is sent before the front door's check times out. */
const HEALTH_MS = HEALTH_TIMEOUT_SECONDS * 1000 - 500;

// Threads of one process take turns of 100 ms with a processor, and a check needs two turns. So much time it gets at least, where all are busy
// at once. Puma spreads connections over its processes by chance, and one whose threads are all taken may get this one: with several
// processes the check is therefore tried anew as often as the time allows. If Puma hangs, no try succeeds.
function health(processes: number, threads: number): string {
  const tries = processes === 1 ? 1 : Math.max(1, Math.floor(HEALTH_MS / Math.max(1000, 250 * threads)));
  const limit = Math.min(4_000, Math.floor(HEALTH_MS / tries));
  return `backend puma-health
  mode http
  option http-server-close
  retries ${tries - 1}
  retry-on conn-failure empty-response response-timeout
  timeout connect 1s
  timeout queue 500ms
  timeout server ${limit}ms
  server puma 127.0.0.1:${PUMA_PORT} maxconn 2
`;
}
