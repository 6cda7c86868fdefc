// Hung processes: Puma, one of its workers, Sidekiq or streaming is stopped, or all threads hang or are only busy. The watchdog of the machine must
// restart a hung process, and must not restart a busy one.

import { Drill, Finding, Outcome, pause, Scene, UNDISTURBED } from "./drill";
import { markedDead, members } from "./members";
import { OWN, RUN } from "./questions";
import { unchanged } from "./processes";
import { serving, threads } from "./sidekiq";
import { Host, Role } from "./hosts";
import { Site } from "./site";

// What is promised, and what it takes to see it.
const RESTARTED_SECONDS = 60 + 5;
/** What a start may take until the machine serves again: 20 s of a processor, which it shares with the load. */
const BOOT_SECONDS = 90;
// As for a machine whose processes all stand still; see web.ts.
const FRONT_DOOR_SECONDS = 2 + 2 * 5 + 2;
const BUSY_SECONDS = 20;
/** Streaming ends when a connection of its breaks, and is started again; Ruby connects when it next asks. */
const RECONNECTED_SECONDS = 15;

export const webStopped: Drill = {
  name: "web-stopped",
  title: "all of Puma's processes on one machine stand still (SIGSTOP)",
  act: async (scene) => {
    const host = await scene.site.web();
    const alone = (await scene.site.with("web")).length === 1;
    const findings = await stopped(scene, host, "mastodon-web");
    return { findings, ...(alone && { limits: away(scene.seconds) }) };
  },
  limits: { ...UNDISTURBED, failuresWithinSeconds: FRONT_DOOR_SECONDS, withoutPostSeconds: FRONT_DOOR_SECONDS },
};

export const workerStopped: Drill = {
  name: "worker-stopped",
  title: "one of Puma's workers stands still (SIGSTOP)",
  impossible: async (site) =>
    (await site.on((await site.web()).name, `${OWN}\nworkers mastodon-web`)).trim() === ""
      ? "Puma has no workers here: its only process is the one that `web-stopped` stops"
      : undefined,
  act: async (scene) => {
    const { site } = scene;
    const host = await site.web();
    const [worker] = (await site.on(host.name, `${OWN}\nworkers mastodon-web`)).trim().split("\n");
    scene.say(`${host.name}: worker ${worker} of Puma stands still`);
    const go = async () => void (await site.on(host.name, 'kill -CONT "$1" 2>/dev/null || true', worker!));
    scene.later(go);
    await scene.strike(() => site.on(host.name, 'kill -STOP "$1"', worker!));
    const other = await scene.until(
      async () =>
        (await site.on(host.name, `${OWN}\nworkers mastodon-web || true`))
          .trim()
          .split("\n")
          .every((one) => one !== "" && one !== worker),
      RESTARTED_SECONDS + 5,
    );
    if (!other) await go();
    return { findings: [restarted("the worker", other, scene.seconds), await serves(scene, host)] };
  },
  // What the worker had in hand hangs; the others take what comes.
  limits: { ...UNDISTURBED, failuresWithinSeconds: RESTARTED_SECONDS, withoutPostSeconds: 15 },
};

export const sidekiqStopped: Drill = {
  name: "sidekiq-stopped",
  title: "the Sidekiq process of the queue `default` stands still (SIGSTOP)",
  act: async (scene) => {
    const host = await serving(scene.site, "default");
    const inHand = threads(host);
    return {
      findings: await stopped(scene, host, unitOf(host, "sidekiq")),
      // It has to be killed, and what it had in hand goes with it.
      limits: { jobsLost: inHand },
    };
  },
  limits: UNDISTURBED,
};

export const streamingStopped: Drill = {
  name: "streaming-stopped",
  title: "one streaming process stands still (SIGSTOP)",
  impossible: (site) => none(site, "streaming"),
  act: async (scene) => {
    const [host] = await scene.site.with("streaming");
    return { findings: await stopped(scene, host!, unitOf(host!, "streaming")) };
  },
  // Its WebSockets stand and are silent until it is killed. Those that come back may be sent to it once more while it stands still.
  limits: {
    ...UNDISTURBED,
    eventsMissedWithinSeconds: RESTARTED_SECONDS,
    reconnectSeconds: RESTARTED_SECONDS,
  },
};

export const pgbouncerStopped: Drill = {
  name: "pgbouncer-stopped",
  title: "one of PgBouncer's two processes stands still (SIGSTOP)",
  impossible: (site) => none(site, "pgbouncer"),
  act: async (scene) => {
    const [host] = await scene.site.with("pgbouncer");
    return { findings: await stopped(scene, host!, "pgbouncer@1") };
  },
  breaksQueries: true,
  // Half of all connections to the database hang until it is killed; those break then.
  limits: {
    ...UNDISTURBED,
    failuresWithinSeconds: RESTARTED_SECONDS + RECONNECTED_SECONDS,
    withoutPostSeconds: RESTARTED_SECONDS + RECONNECTED_SECONDS,
    eventsMissedWithinSeconds: RESTARTED_SECONDS + RECONNECTED_SECONDS,
    reconnectSeconds: RECONNECTED_SECONDS,
  },
};

export const threadsHung: Drill = {
  name: "threads-hung",
  title: "all of Puma's threads on one machine hang for ever",
  impossible: (site) => notBusy(site),
  act: async (scene) => {
    const { site } = scene;
    const host = await site.web();
    // A worker alone may be started anew, by the main process, which goes on.
    const processes = async () => (await site.on(host.name, `${OWN}\nown mastodon-web || true`)).trim();
    const before = await processes();
    await scene.strike(() => occupy(scene, host, "/standin/hang"));
    const other = await scene.until(async () => ![before, ""].includes(await processes()), RESTARTED_SECONDS + 5);
    const findings = [restarted("Puma", other, scene.seconds)];
    if (!other) await site.on(host.name, "systemctl restart --no-block mastodon-web.service");
    return { findings: [...findings, await serves(scene, host)], limits: away(scene.seconds) };
  },
  limits: UNDISTURBED,
};

export const threadsBusy: Drill = {
  name: "threads-busy",
  title: `all of Puma's threads on all machines are busy for ${BUSY_SECONDS} s`,
  impossible: (site) => notBusy(site),
  act: async (scene) => {
    const { site } = scene;
    const hosts = await site.with("web");
    const [known, started] = [await members(site), await site.started(hosts)];
    await scene.strike(() => Promise.all(hosts.map((host) => occupy(scene, host, `/standin/slow?seconds=${BUSY_SECONDS}`))));
    await pause(BUSY_SECONDS + 10);
    return { findings: [markedDead(known, await members(site)), unchanged(started, await site.started(hosts))] };
  },
  // Nobody else gets a thread meanwhile.
  limits: { ...UNDISTURBED, failuresWithinSeconds: BUSY_SECONDS + 5, withoutPostSeconds: BUSY_SECONDS + 5 },
};

/** A unit's processes stand still until their machine has started others. */
async function stopped(scene: Scene, host: Host, unit: string): Promise<readonly Finding[]> {
  const { site } = scene;
  const before = await runOf(site, host, unit);
  const found = (await site.on(host.name, `${OWN}\nown "$1"`, unit)).trim().split("\n").join(" ");
  if (found === "") throw new Error(`${host.name}: no process of ${unit} was found`);
  scene.say(`${host.name}: the processes of ${unit} stand still (${found})`);
  const go = async () => void (await site.on(host.name, `kill -CONT ${found} 2>/dev/null || true`));
  scene.later(go);
  await scene.strike(() => site.on(host.name, `kill -STOP ${found}`));
  const other = await scene.until(async () => {
    const now = await runOf(site, host, unit);
    return now !== "" && now !== before;
  }, RESTARTED_SECONDS + 5);
  const finding = restarted(unit, other, scene.seconds);
  if (!other) await go();
  return [finding, ...(other ? [await serves(scene, host)] : [])];
}

function restarted(what: string, other: boolean, seconds: number): Finding {
  return other
    ? {
        said: `${what} was started anew ${seconds} s later`,
        bad: seconds > RESTARTED_SECONDS,
        numbers: { "started anew, s": seconds },
      }
    : { said: `${what} was not started anew within ${RESTARTED_SECONDS} s`, bad: true };
}

async function serves(scene: Scene, { name }: Host): Promise<Finding> {
  const well = await scene.until(
    async () => (await scene.site.on(name, "/usr/local/sbin/ready >/dev/null 2>&1 && echo yes || echo no")).trim() === "yes",
    BOOT_SECONDS,
  );
  const seconds = scene.seconds;
  return well
    ? { said: `the machine served again after ${seconds} s`, numbers: { "served again, s": seconds } }
    : { said: `the machine did not serve again within ${BOOT_SECONDS} s`, bad: true };
}

// Until the machine served again, its share or all of what is asked for is lost.
function away(seconds: number): Outcome["limits"] {
  return { failuresWithinSeconds: seconds + FRONT_DOOR_SECONDS, withoutPostSeconds: seconds + FRONT_DOOR_SECONDS };
}

/** Which run of a unit this is. */
async function runOf(site: Site, { name }: Host, unit: string): Promise<string> {
  return (await site.on(name, RUN, unit)).trim();
}

/** A request for each of the machine's threads, past the front door. */
async function occupy(scene: Scene, host: Host, path: string): Promise<void> {
  scene.say(`${host.name}: every thread is asked for ${path}`);
  await scene.site.on(
    host.name,
    `for n in $(seq ${slots(host)}); do
  systemd-run -q --collect curl -s -m 120 -o /dev/null -H "Host: $1" -H 'X-Forwarded-Proto: https' "http://127.0.0.1$2"
done`,
    scene.site.door.domain,
    path,
  );
}

/** How many requests a web machine works on at once. */
export function slots({ units }: Pick<Host, "units">): number {
  const { processes, threads } = units.find(({ what }) => what === "web")!.facts;
  // Without workers Puma's only process works.
  return Math.max(1, Number(processes)) * Number(threads);
}

/** The first unit of its kind on a machine, as systemd's commands take it. */
function unitOf({ name, units }: Host, what: Role): string {
  const found = units.find((unit) => unit.what === what);
  if (found === undefined) throw new Error(`${name} has no unit of ${what}`);
  return found.unit.replace(/\.service$/, "");
}

async function notBusy(site: Site): Promise<string | undefined> {
  const script = `curl -s -m 10 -o /dev/null -w '%{http_code}' -H "Host: $1" -H 'X-Forwarded-Proto: https' 'http://127.0.0.1/standin/slow?seconds=0' || true`;
  const status = (await site.on((await site.web()).name, script, site.door.domain)).trim();
  return status === "200" ? undefined : "only the stand-in can be asked to hang, and only if it was started with STANDIN_WORK_MS";
}

async function none(site: Site, role: Role): Promise<string | undefined> {
  return (await site.with(role)).length > 0 ? undefined : "the page has none of its own";
}
