// Members of etcd are restarted, lost with a standby, lost as a majority, and lose their disk: PostgreSQL's primary stays what it is.

import { ETCD_PORT } from "../lib/mastodon/ports";
import { Drill, Finding, pause, Scene, UNDISTURBED } from "./drill";
import { doesOnly, Host } from "./hosts";
import { alone, primary, standbys } from "./parts";
import { agreed, follows } from "./patroni";
import { USES } from "./redis";
import { FALLBACK_SECONDS, WAITING } from "./replica";
import { Site } from "./site";

const BETWEEN_SECONDS = 2;
const SERVES_SECONDS = 60;
const EMPTY_SECONDS = 90;
/** Longer than two leases. */
const LOST_SECONDS = 45;
const SAID_SECONDS = 30;
const AWAY_SECONDS = 25;

export const postgresAndQuorumLost: Drill = {
  name: "postgres-and-quorum-lost",
  title: `a standby and a member of etcd lose power at the same time, for ${AWAY_SECONDS} s`,
  impossible: async (site) =>
    (await alone(site)) ??
    (await none(site)) ??
    ((await spare(site)) === undefined ? "every member of etcd is on a machine that users would miss" : undefined),
  act: async (scene) => {
    const { site } = scene;
    const [standby] = await standbys(site);
    const { synchronous } = await agreed(scene, await primary(site));
    const voter = (await spare(site))!;
    const lost = [...new Set([standby!.name, voter.name])];
    await scene.strike(() => scene.kill(...lost));
    await pause(AWAY_SECONDS);
    await scene.start(...lost);
    const findings = [await follows(scene, standby!), served([await serves(scene, voter)])];
    return { findings, ...(synchronous && { limits: WAITING }) };
  },
  // A read in hand waits until the standby is given up.
  limits: { ...UNDISTURBED, failuresWithinSeconds: FALLBACK_SECONDS, withoutPostSeconds: FALLBACK_SECONDS },
};

export const etcdRestarts: Drill = {
  name: "etcd-restarts",
  title: "all members of etcd are restarted, one after the other",
  impossible: none,
  act: async (scene) => {
    const { site } = scene;
    const all: Served[] = [];
    await scene.strike(async () => undefined);
    for (const host of await site.with("etcd")) {
      scene.say(`${host.name}: etcd is restarted`);
      await site.on(host.name, "systemctl restart --no-block etcd.service");
      await pause(BETWEEN_SECONDS);
      all.push(await serves(scene, host));
      // Without the first the next one would cost the majority.
      if (all.at(-1)?.seconds === undefined) break;
    }
    await pause(BETWEEN_SECONDS);
    return { findings: [served(all)] };
  },
  limits: UNDISTURBED,
};

export const etcdLost: Drill = {
  name: "etcd-lost",
  title: `the majority of etcd's members is stopped, for ${LOST_SECONDS} s`,
  impossible: none,
  act: async (scene) => {
    const { site } = scene;
    const voters = await site.with("etcd");
    const majority = voters.slice(0, Math.floor(voters.length / 2) + 1);
    const first = await primary(site);
    const each = (command: string) => Promise.all(majority.map(({ name }) => site.on(name, `systemctl ${command} etcd.service`)));
    const start = async () => void (await each("start --no-block"));
    scene.later(start);
    scene.say(`${majority.map(({ name }) => name).join(", ")}: etcd is stopped`);
    await scene.strike(() => each("stop"));
    const said = await saysSo(scene, first);
    await pause(Math.max(0, LOST_SECONDS - scene.seconds));
    await scene.beforeRepair?.();
    await start();
    const all: Served[] = [];
    for (const host of voters) all.push(await serves(scene, host));
    await pause(AWAY_SECONDS);
    return { findings: [said, served(all)] };
  },
  limits: UNDISTURBED,
};

export const etcdEmpty: Drill = {
  name: "etcd-empty",
  title: "a member of etcd loses its disk, and begins with an empty one",
  impossible: none,
  act: async (scene) => {
    const { site } = scene;
    const voters = await site.with("etcd");
    const host = voters.at(-1)!;
    const list = async () => votersOf(await site.on(voters[0]!.name, "etcd-console member list"));
    const of = (members: readonly Voter[]) => members.find(({ name }) => name === host.name);
    const before = of(await list());
    const script = `. /etc/default/etcd
systemctl stop etcd.service && rm -rf "\${ETCD_DATA_DIR:?}" && systemctl start --no-block etcd.service`;
    scene.say(`${host.name}: etcd's disk is emptied`);
    await scene.strike(() => site.on(host.name, script));
    await pause(BETWEEN_SECONDS);
    const back = served([await serves(scene, host, EMPTY_SECONDS)]);
    const members = await list();
    const anew = members.length === voters.length && members.every(({ started }) => started) && of(members)?.id !== before?.id;
    return {
      findings: [
        back,
        {
          said: anew
            ? `it was removed and added anew, and all ${members.length} members serve`
            : `it was not taken in anew; the members are ${members.map(({ id, name }) => `${name || "without a name"} (${id})`).join(", ")}`,
          bad: !anew,
        },
      ],
    };
  },
  limits: UNDISTURBED,
};

export interface Voter {
  readonly id: string;
  /** Nothing of one that was added and never started. */
  readonly name: string;
  readonly started: boolean;
}

/** As `etcdctl member list` prints them. */
export function votersOf(printed: string): readonly Voter[] {
  return printed
    .split("\n")
    .map((line) => line.split(", "))
    .flatMap(([id, status, name]) =>
      status === undefined ? [] : [{ id: id!, name: name ?? "", started: status === "started" }],
    );
}

const SERVES = `curl -fsS -m 2 http://127.0.0.1:${ETCD_PORT}/health 2>/dev/null | grep -q '"health":"true"' && echo yes || echo no`;

interface Served {
  readonly name: string;
  /** How long it took; nothing if it did not. */
  readonly seconds: number | undefined;
}

/** Until this member serves with a majority. */
async function serves(scene: Scene, { name }: Host, limitSeconds = SERVES_SECONDS): Promise<Served> {
  const from = scene.seconds;
  const well = await scene.until(async () => (await scene.site.on(name, SERVES)).trim() === "yes", limitSeconds);
  return { name, seconds: well ? Math.round((scene.seconds - from) * 10) / 10 : undefined };
}

function served(all: readonly Served[]): Finding {
  const silent = all.filter(({ seconds }) => seconds === undefined).map(({ name }) => name);
  const most = Math.max(...all.map(({ seconds }) => seconds ?? 0));
  return silent.length > 0
    ? { said: `etcd did not serve again on ${silent.join(", ")}`, bad: true }
    : {
        said: `etcd served again on ${all.map(({ name, seconds }) => `${name} after ${seconds} s`).join(", ")}`,
        numbers: { "a member of etcd served again, s": most },
      };
}

async function saysSo(scene: Scene, { name }: Host): Promise<Finding> {
  let said = "";
  const told = await scene.until(async () => {
    said = (await scene.site.on(name, "/usr/local/sbin/ready 2>&1 || true")).trim();
    return said.includes("etcd cannot be reached");
  }, SAID_SECONDS);
  return { said: `${name}'s \`ready\` said after ${scene.seconds} s: ${said || "nothing"}`, bad: !told };
}

async function none(site: Site): Promise<string | undefined> {
  return (await site.with("etcd")).length > 0 ? undefined : "the page has no etcd of its own";
}

/** The machine of a member that no user misses: the standby's, one of etcd alone, or one of Redis that is master of nothing. */
async function spare(site: Site): Promise<Host | undefined> {
  const [standby] = await standbys(site);
  const masters = await Promise.all(USES.map((use) => site.master(use)));
  const unseen = (host: Host) => doesOnly(host, "etcd") || doesOnly(host, "redis");
  const voters = await site.with("etcd");
  return (
    voters.find(({ name }) => name === standby?.name) ??
    voters.find((host) => unseen(host) && !masters.some((master) => master?.name === host.name))
  );
}
