// The gate as Terraform runs it, against a stand-in for DigitalOcean's API on this host: `api.answer = …; await api.gate("serve")`.

import { spawn } from "node:child_process";
import { createServer, Server } from "node:http";
import { AddressInfo } from "node:net";
import { join } from "node:path";

export const GATE = join(__dirname, "../../../lib/clouds/digitalocean/gate/gate.mjs");

export interface Answer {
  readonly status?: number;
  readonly body?: object;
}

const WAITS = {
  DIGITALOCEAN_TOKEN: "token",
  WAITING: join(__dirname, "../../../lib/clouds/shared/gate/waiting.mjs"),
  PAUSE_SECONDS: "0.05",
  LIMIT_SECONDS: "10",
  POOL: "web",
  POOL_TAG: "social-pool-web",
  SERVING_TAGS: "social-route-social-example",
  ROLE: "web",
  ROLE_TAG: "social-role-web",
  POOL_TAGS: "social-pool-web social-pool-other",
  SITE_TAG: "social",
  STOP_SECONDS: "10",
  DROPLETS: "web-1=1001 web-2=1002",
  BALANCERS: "lb-7",
};

export class GateApi {
  answer: (request: string, times: number) => Answer = () => ({ status: 500 });
  requests: string[] = [];
  bodies: string[] = [];
  private readonly server: Server;

  /** Opens for each test of the file and closes after it. */
  constructor() {
    this.server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () => {
        // The window is the clock's affair.
        const key = `${request.method} ${request.url!.replace(/&start=\d+&end=\d+/, "")}`;
        const authorized = request.headers.authorization === "Bearer token";
        this.requests.push(key);
        if (body !== "") this.bodies.push(body);
        const times = this.requests.filter((one) => one === key).length;
        const { status = 200, body: answer = {} } = authorized ? this.answer(key, times) : { status: 401 };
        response
          .writeHead(status, { "content-type": "application/json" })
          .end(status === 204 ? undefined : JSON.stringify(answer));
      });
    });
    beforeEach(async () => {
      this.requests = [];
      this.bodies = [];
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
    return { PATH: process.env["PATH"], DIGITALOCEAN_API_URL: `http://127.0.0.1:${port}/`, ...WAITS, ...more };
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

/** The series of a load balancer, by droplet; each value with its age in seconds. */
export function series(values: Readonly<Record<number, readonly (readonly [string, number])[]>>): Answer {
  const now = Math.floor(Date.now() / 1000);
  const result = Object.entries(values).map(([id, samples]) => ({
    metric: { lb_id: "lb-7", region: "fra1", server: `node-${id}` },
    values: samples.map(([value, age]) => [now - age, value]),
  }));
  return { body: { status: "success", data: { resultType: "matrix", result } } };
}

/** Each droplet healthy or not, as of now. */
export function health(values: Readonly<Record<number, "100" | "0">>): Answer {
  return series(Object.fromEntries(Object.entries(values).map(([id, value]) => [id, [[value, 5]]])));
}

export function droplets(states: Readonly<Record<number, string>>, tags: readonly string[] = []): Answer {
  return { body: { droplets: Object.entries(states).map(([id, status]) => ({ id: Number(id), status, locked: false, tags })) } };
}
