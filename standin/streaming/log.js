// One line of JSON an event, as pino writes it.

import { hostname } from "node:os";
import { before } from "./version.js";

const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: Infinity };
const least = LEVELS[process.env.LOG_LEVEL] ?? LEVELS.info;

function write(level, message, facts = {}) {
  if (LEVELS[level] < least) return;
  const line = { level: LEVELS[level], time: Date.now(), pid: process.pid, hostname: hostname(), ...facts, msg: message };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

export const log = {
  info: (message, facts) => write("info", message, facts),
  warn: (message, facts) => write("warn", message, facts),
  error: (message, facts) => write("error", message, facts),
};

/**
 * Writes a request with its address, from 4.3 on; before, addresses are not logged. The token in it is blackened, as the real one does:
 * only what stands in front of this process knows it in clear.
 */
export function logRequest(request, message) {
  if (before("4.3")) return;
  const url = request.url.replace(/(access_token)=([a-zA-Z0-9\-_]+)/gi, "$1=[Redacted]");
  log.info(message, { req: { method: request.method, url } });
}
