import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { CloudCan, Flow, Pool, Site, Size } from "../../lib";
import { nftables } from "../../lib/core/nftables";
import { readinessAnswer } from "../../lib/core/readiness";
import { FakeCloud } from "../../lib/testing";

function page(can: Partial<CloudCan>, openings: readonly Omit<Flow, "to">[] = []) {
  const cloud = new FakeCloud();
  Object.assign(cloud.can, can);
  const open = cloud.open.bind(cloud);
  cloud.open = (scope, spec) => Object.assign(open(scope, spec), { openings: () => openings });
  const site = new Site(new TerraformStack(new App(), "stack"), "Social", { cloud, domain: "social.example", version: "4.7.6" });
  const range = site.range(site, "sidekiq", "jobs");
  const pool = new Pool(site, "Jobs", { name: "jobs", role: "sidekiq", range, machines: 1, size: Size.of({ cpus: 1, gib: 1 }) });
  return { site, pool };
}

/** What the answering script says to a request when the ready script is `ready`. */
function answer(ready: string): string {
  const folder = mkdtempSync(join(tmpdir(), "answer-"));
  try {
    writeFileSync(join(folder, "ready"), `#!/bin/sh\n${ready}\n`);
    chmodSync(join(folder, "ready"), 0o755);
    const [step] = readinessAnswer(9180);
    if (step?.kind !== "file") throw new Error("the first step is no file");
    const script = String(step.content).replace("/usr/local/sbin/ready", join(folder, "ready"));
    return execFileSync("bash", ["-c", script], { input: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", encoding: "utf8" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a machine that serves answers 200, another one 503 with what is missing", () => {
  expect(answer("true")).toBe("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  expect(answer("echo 'no disk'; false")).toBe(
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 7\r\nConnection: close\r\n\r\nno disk",
  );
});

test("a pool is asked only by a cloud that asks, and only if no front door shows whether it serves", () => {
  expect(page({}).pool.bootText()).not.toContain("answer-ready");
  const { site, pool } = page({ readinessPort: 9180 });
  expect(pool.bootText()).toContain("ListenStream=9180");
  expect(pool.openings).toEqual([
    {
      from: { kind: "role", role: "cloud" },
      sources: ["10.20.0.0/20"],
      to: { kind: "host", name: "jobs", role: "sidekiq" },
      port: 9180,
      why: "whether it serves, asked by the cloud",
    },
  ]);
  site.frontDoor.route("social.example", pool, { port: 80, path: "/health", status: 200 });
  expect(pool.bootText()).not.toContain("answer-ready");
  expect(pool.openings.map((flow) => flow.port)).toEqual([80]);
});

test("what a cloud lets into every host stands in the host firewall, in both families", () => {
  const sources = ["203.0.113.0/24", "2001:db8::/32"];
  const { pool } = page({}, [{ from: { kind: "external", name: "administrators" }, sources, port: 22, why: "SSH" }]);
  expect(nftables(pool.openings)).toContain(
    "    ip saddr { 203.0.113.0/24 } tcp dport 22 accept\n    ip6 saddr { 2001:db8::/32 } tcp dport 22 accept\n",
  );
});
