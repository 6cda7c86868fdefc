// How administrators reach what a monitoring machine has for browsers: `tunnel("ssh root@203.0.113.7")` forwards its ports to their own computer.

import { ALERTMANAGER_PORT, OVERVIEW_PORT, PROMETHEUS_WEB_PORT } from "../ports";

const PORTS = [OVERVIEW_PORT, PROMETHEUS_WEB_PORT, ALERTMANAGER_PORT];

/** The command that logs in, with the ports; `undefined` if it is not one of ssh. */
export function tunnel(login: string): string | undefined {
  if (!login.startsWith("ssh ")) return undefined;
  return login.replace("ssh ", `ssh ${PORTS.map((port) => `-L ${port}:localhost:${port} `).join("")}`);
}

/** The option of Prometheus and Alertmanager for links in messages: the end of the tunnel. By default they name the machine, which nobody outside can reach. */
export const forwarded = (port: number): string => `--web.external-url=http://localhost:${port}`;
