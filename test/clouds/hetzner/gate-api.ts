// The gate as Terraform runs it, against a stand-in for Hetzner's API on this host: `api.answer = …; await api.gate("serve")`.

import { spawn } from "node:child_process";
import { createServer, Server } from "node:http";
import { AddressInfo } from "node:net";
import { join } from "node:path";

export const GATE = join(__dirname, "../../../lib/clouds/hetzner/gate/gate.mjs");

export interface Answer {
  readonly status?: number;
  readonly body?: object;
}

const WAITS = {
  HCLOUD_TOKEN: "token",
  WAITING: join(__dirname, "../../../lib/clouds/shared/gate/waiting.mjs"),
  PAUSE_SECONDS: "0.05",
  LIMIT_SECONDS: "10",
  SITE: "social",
  POOL: "web",
  STOP_SECONDS: "10",
  SERVERS: "web-1=1 web-2=2",
  DOORS: "7:443",
};

export class GateApi {
  answer: (request: string, times: number) => Answer = () => ({ status: 500 });
  requests: string[] = [];
  private readonly server: Server;

  /** Opens for each test of the file and closes after it. */
  constructor() {
    this.server = createServer((request, response) => {
      const key = `${request.method} ${request.url}`;
      const authorized = request.headers.authorization === "Bearer token";
      this.requests.push(key);
      const times = this.requests.filter((one) => one === key).length;
      const { status = 200, body = {} } = authorized ? this.answer(key, times) : { status: 401 };
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    beforeEach(async () => {
      this.requests = [];
      await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
    });
    afterEach(() => new Promise((done) => this.server.close(done)));
  }

  /** What changes something. */
  get changes(): readonly string[] {
    return this.requests.filter((request) => !request.startsWith("GET"));
  }

  /** The environment in which Terraform runs the gate. */
  environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
    const { port } = this.server.address() as AddressInfo;
    return { PATH: process.env["PATH"], HCLOUD_ENDPOINT: `http://127.0.0.1:${port}`, ...WAITS, ...more };
  }

  async gate(command: string, more: Readonly<Record<string, string>> = {}): Promise<{ code: number; lines: string[] }> {
    const child = spawn(process.execPath, [GATE, command], { env: this.environment(more) });
    let text = "";
    child.stdout.on("data", (chunk) => (text += String(chunk)));
    child.stderr.on("data", (chunk) => (text += String(chunk)));
    const code = await new Promise<number>((done) => child.on("close", (status) => done(status ?? -1)));
    // How long it took is the machine's affair.
    const timeless = text.replaceAll(/\(\d+ s of/g, "(N s of").replaceAll(/: done after \d+ s/g, ": done after N s");
    return { code, lines: timeless.trim().split("\n") };
  }
}

/** A load balancer that sees these servers by a label, each with a status at port 443 and at another port. */
export function balancer(statuses: Readonly<Record<number, string>>): Answer {
  const targets = Object.entries(statuses).map(([id, status]) => ({
    type: "server",
    server: { id: Number(id) },
    health_status: [
      { listen_port: 443, status },
      { listen_port: 80, status: "healthy" },
    ],
  }));
  return {
    body: { load_balancer: { targets: [{ type: "label_selector", label_selector: { selector: "pool=web" }, targets }] } },
  };
}

/** The pool's servers, on two pages. */
export function servers(states: Readonly<Record<number, string>>, request: string): Answer {
  const all = Object.entries(states).map(([id, status]) => ({ id: Number(id), status }));
  const second = request.includes("page=2");
  const meta = { pagination: { next_page: second ? null : 2 } };
  return { body: { servers: second ? all.slice(1) : all.slice(0, 1), meta } };
}

export const running: Answer = { body: { server: { status: "running" }, servers: [] } };
