// docs/advise.md has the limits that advice has, and an example of what it prints.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { advise, World } from "../../lib/bin/advise";
import { TOO_HIGH, TOO_LOW } from "../../lib/mastodon/monitoring/advice-limits";
import { QUEUE_SECONDS } from "../../lib/mastodon/monitoring/alerts";
import { said } from "../said";
import { answers, day, FROM, page, quietBut, rising } from "./advice-page";

const GIB = 2 ** 30;
const text = readFileSync(join(__dirname, "../../docs/advise.md"), "utf8");

test("the example is what the command prints first", () => {
  const hour = (value: number) => ({ value, values: 12 });
  const numbers = quietBut({
    webBusy: day({ pool: "web" }, 0.4, hour(0.83)),
    webRefused: day({ pool: "web" }, 0, { value: 3.2, values: 2 }),
    cpu: day({ tier: "web" }, 0.4, hour(0.9)),
    queueLatency: day({ queue: "push" }, 1, hour(250)),
    poolerUsed: day({ tier: "pool" }, 20, hour(50)),
    diskUsed: rising({ tier: "database", mountpoint: "/var/lib/postgresql" }, 60 * GIB, 63 * GIB),
  });
  const { inventory, connections } = page();
  const world: World = {
    sites: () => [{ inventory, connections }],
    run: () => ({ status: 0, stdout: answers(numbers), stderr: "" }),
    now: () => FROM + 24 * 3600,
  };
  const { said: printed } = said(() => advise(["--prometheus", "http://127.0.0.1:9090"], world));
  const [, example] = /```text\n([^]*?)```/.exec(text)!;
  expect(printed.slice(0, example!.length)).toBe(example);
});

test("the table has the limits", () => {
  const limits = text.split("\n").flatMap((line) => /^\|[^|]+\|([^|]+)\|/.exec(line)?.[1]?.trim() ?? []);
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const [seconds, minutes] = [(queue: keyof typeof QUEUE_SECONDS) => `${QUEUE_SECONDS[queue]} s`, (n: number) => `${n / 60} min`];
  expect(limits.slice(2)).toEqual([
    percent(TOO_HIGH.threads),
    "1",
    "1",
    percent(TOO_HIGH.cpuOfPool),
    `${seconds("default")} \`default\`, ${seconds("push")} \`push\` and \`ingress\`, ${minutes(QUEUE_SECONDS.mailers)} \`mailers\`, ${minutes(QUEUE_SECONDS.pull)} others`,
    `${percent(TOO_HIGH.streamingCpu)} of a processor`,
    `${TOO_HIGH.streamingLag * 1000} ms`,
    String(TOO_HIGH.waitingClients),
    percent(TOO_HIGH.serverConnections),
    percent(TOO_HIGH.poolerClients),
    percent(TOO_HIGH.connections),
    percent(TOO_HIGH.cpuOfMachine),
    `below ${percent(TOO_LOW.cacheHits)}, and ${percent(TOO_HIGH.diskWait)} of the time`,
    `${percent(TOO_HIGH.redisMemory)} of \`maxmemory\``,
    `below ${percent(TOO_LOW.keysFound)}`,
    `${percent(TOO_HIGH.disk)}, or full in ${TOO_LOW.diskDays} days`,
    percent(TOO_HIGH.memory),
    percent(TOO_HIGH.cpuOfMachine),
  ]);
  expect(text).toContain(`never more than ${percent(TOO_LOW.idle)} busy`);
  expect(text).toContain(`never more than ${percent(TOO_LOW.idle / 2)} busy`);
});
