import { ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, Server } from "node:http";
import { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program, textOf } from "../../lib/core/program";
import { script } from "../../lib/core/script";
import { watchdog } from "../../lib/mastodon/programs/watchdog";

const LIMITS = { PUMA_PORT: 3000, TICK_SECONDS: 2, STILL_SECONDS: 6, ANSWER_SECONDS: 6, STUCK_SECONDS: 6 };
const WATCHDOG = join(__dirname, "../../lib/mastodon/programs/watchdog.sh");

test("a machine has one, whatever it runs", () => {
  const program = new Program();
  watchdog(program);
  watchdog(program);
  expect(program.packages).toEqual(["curl"]);
  expect(program.steps.filter(({ kind }) => kind === "start")).toEqual([{ kind: "start", units: ["mastodon-watchdog.service"] }]);
  const files = program.steps.flatMap((step) => (step.kind === "file" ? [textOf(step.content)] : []));
  expect(files[0]).toContain("TICK_SECONDS='5'\nSTILL_SECONDS='40'\nANSWER_SECONDS='30'\nSTUCK_SECONDS='35'\n");
});

describe("the script itself, with units that are directories of a test", () => {
  const root = mkdtempSync(join(tmpdir(), "watchdog-"));
  const children: ChildProcess[] = [];
  const servers: Server[] = [];
  let said = "";

  const unit = (path: string, ...processes: readonly ChildProcess[]) => {
    const directory = join(root, path, "libpod-payload-1");
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "cgroup.procs"), processes.map(({ pid }) => `${pid}\n`).join(""));
  };
  const started = (command: string, ...args: readonly string[]) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] });
    children.push(child);
    return child;
  };
  // As Puma and Sidekiq do, it wakes now and then.
  const awake = () => started(process.execPath, "-e", "setInterval(() => undefined, 500)");
  const dead = ({ signalCode }: ChildProcess) => signalCode === "SIGKILL";
  // Answers after so many seconds, or never.
  const answering = async (seconds: number): Promise<number> => {
    const server = createServer((_, response) => {
      if (Number.isFinite(seconds)) setTimeout(() => response.end("OK"), seconds * 1000);
    });
    servers.push(server.listen(0, "127.0.0.1"));
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };

  const stopped = awake();
  const busy = started(process.execPath, "-e", "for (;;);");
  const idle = awake();
  const foreign = started("sleep", "60");
  const [hung, slow, absent] = [awake(), awake(), awake()];
  // As the first process of streaming up to 4.1, it waits for its second.
  // A shell by the name of PgBouncer's program.
  copyFileSync("/bin/bash", join(root, "pgbouncer"));
  const pooler = (text: string) => started(join(root, "pgbouncer"), "-c", text);
  const [hungPooler, idlePooler] = [pooler("read -r <&1"), pooler("while :; do read -t 0.3 <&1; done")];
  const waiting = started(process.execPath, "-e", "setTimeout(() => undefined, 1e6)");

  beforeAll(async () => {
    unit("mastodon-web.service", stopped, busy, foreign);
    unit("system-pgbouncer.slice/pgbouncer@1.service", hungPooler);
    unit("system-pgbouncer.slice/pgbouncer@2.service", idlePooler);
    unit("system-mastodon\\x2dsidekiq.slice/mastodon-sidekiq@1.service", idle);
    const streaming = "system-mastodon\\x2dstreaming.slice/mastodon-streaming@";
    unit(`${streaming}${await answering(Infinity)}.service`, hung);
    unit(`${streaming}${await answering(2)}.service`, waiting, slow);
    unit(`${streaming}9.service`, absent);
    const file = join(root, "watchdog");
    writeFileSync(file, script(WATCHDOG, LIMITS).replaceAll("/sys/fs/cgroup/system.slice", root));
    await new Promise((done) => setTimeout(done, 500));
    stopped.kill("SIGSTOP");
    const guard = started("bash", file);
    guard.stdout!.on("data", (part: Buffer) => (said += part.toString()));
    const seconds = (most: number) => new Promise((done) => setTimeout(done, most * 1000));
    for (let waited = 0; waited < 90 && said.trim().split("\n").length < 3; waited++) await seconds(1);
    // Whoever would be killed wrongly has the time for it.
    await seconds(6);
  }, 120_000);

  afterAll(() => {
    for (const child of children) {
      child.kill("SIGKILL");
      child.stdout?.destroy();
    }
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(root, { recursive: true, force: true });
  });

  test("a process that was stopped is killed, and it is said why", () => {
    expect(dead(stopped)).toBe(true);
    expect(said).toMatch(
      new RegExp(`^killed process ${stopped.pid} \\(\\S+\\) of mastodon-web\\.service, which has stood still for 6 s$`, "m"),
    );
  });

  test("of two PgBouncers the one that stands still is killed", () => {
    expect([hungPooler, idlePooler].map(dead)).toEqual([true, false]);
    expect(said).toMatch(/ of pgbouncer@1\.service, which has stood still for 6 s$/m);
  });

  test("one that is busy, one that only wakes now and then, and what Ruby and Node have started are left alone", () => {
    expect([busy, idle, foreign].map(dead)).toEqual([false, false, false]);
  });

  test("streaming that accepts and never answers is killed; one that answers late, or is not there yet, is not", () => {
    expect([hung, slow, waiting, absent].map(dead)).toEqual([true, false, false, false]);
    expect(said).toMatch(
      new RegExp(
        `^killed process ${hung.pid} \\(\\S+\\) of mastodon-streaming@\\d+\\.service, which has not answered for 6 s$`,
        "m",
      ),
    );
    expect(said.trim().split("\n")).toHaveLength(3);
  });
});
