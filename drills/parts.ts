// The part of each PostgreSQL machine, as Patroni there tells it, or PostgreSQL itself where it is alone: `await primary(site)`.

import { PATRONI_PORT } from "../lib/mastodon/ports";
import { MAJOR, PATRONI_UNIT, STATUS } from "../lib/mastodon/programs/postgres-names";
import { Host } from "./hosts";
import { Site } from "./site";

export interface Part {
  readonly host: Host;
  /** `primary` or `standby`; else what Patroni says, such as `demoted`, or nothing if it does not answer. */
  readonly role: string;
  readonly timeline: number | undefined;
  /** Whether callers are sent here for writes, and for reads. */
  readonly serves: boolean;
  readonly reads: boolean;
  /** Whether it is a standby that has replayed in time what its primary writes. It may serve no reads all the same. */
  readonly inStep: boolean;
}

const PATRONI = `
curl -s -m 5 http://127.0.0.1:${PATRONI_PORT}/patroni
echo
for path in primary replica; do
  echo "$path=$(curl -s -o /dev/null -m 5 -w '%{http_code}' http://127.0.0.1:${PATRONI_PORT}/$path)"
done
[ ! -e ${STATUS}/in-time ] || echo in-time`;

const ALONE = `runuser -u postgres -- psql -XAtqc 'select pg_is_in_recovery(), timeline_id from pg_control_checkpoint()' 2>/dev/null || true`;

/** Every PostgreSQL machine that runs, or these, which may be cut off. */
export async function parts(site: Site, hosts?: readonly Host[]): Promise<readonly Part[]> {
  const asked = hosts ?? (await site.with("postgres"));
  return Promise.all(
    asked.map(async (host) => {
      const script = hasPatroni(host) ? PATRONI : ALONE;
      return { host, ...(hasPatroni(host) ? told : alonePart)(await site.on(host.name, script)) };
    }),
  );
}

/** Whether PostgreSQL of this machine is run by Patroni. */
export function hasPatroni({ units }: Pick<Host, "units">): boolean {
  return units.some(({ what, unit }) => what === "postgres" && unit === `${PATRONI_UNIT}.service`);
}

/** The unit that runs PostgreSQL. */
export const unitOf = (host: Host): string => (hasPatroni(host) ? `${PATRONI_UNIT}.service` : `postgresql@${MAJOR}-main.service`);

/** What Patroni and the files beside it say. */
export function told(printed: string): Omit<Part, "host"> {
  const lines = printed.split("\n");
  const { role = "", timeline } = patroniOf(lines.find((line) => line.startsWith("{")) ?? "{}");
  const inTime = lines.includes("in-time");
  const part = role === "replica" ? "standby" : role;
  return {
    role: part,
    timeline,
    serves: lines.includes("primary=200"),
    reads: inTime && lines.includes("replica=200"),
    inStep: inTime && part === "standby",
  };
}

/** What PostgreSQL without Patroni says; nothing if it does not answer. */
export function alonePart(printed: string): Omit<Part, "host"> {
  const [recovers, timeline] = printed.trim().split("|");
  const role = recovers === "f" ? "primary" : recovers === "t" ? "standby" : "";
  return {
    role,
    timeline: timeline === undefined ? undefined : Number(timeline),
    serves: role === "primary",
    reads: false,
    inStep: false,
  };
}

interface Told {
  readonly role?: string;
  readonly timeline?: number;
}

// An answer that is cut short is none.
function patroniOf(line: string): Told {
  try {
    return JSON.parse(line) as Told;
  } catch {
    return {};
  }
}

export async function primary(site: Site): Promise<Host> {
  const found = (await parts(site)).filter(({ serves }) => serves);
  if (found.length !== 1) throw new Error(`${found.length} PostgreSQL machines of the site say that they are primary`);
  return found[0]!.host;
}

export async function standbys(site: Site): Promise<readonly Host[]> {
  return (await parts(site)).filter(({ role }) => role === "standby").map(({ host }) => host);
}

/** Why a drill that needs a standby cannot be done. */
export async function alone(site: Site): Promise<string | undefined> {
  const count = (await site.with("postgres")).length;
  return count > 1 ? undefined : count === 0 ? "the page has no PostgreSQL of its own" : "the page has no standby";
}

/** A statement on a PostgreSQL machine, as its superuser. */
export async function psql(site: Site, { name }: Host, statement: string): Promise<string> {
  return (await site.on(name, `runuser -u postgres -- psql -XAtqc "$1"`, statement)).trim();
}
