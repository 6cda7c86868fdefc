// The role of each PostgreSQL machine, from its status endpoint: `const { primary, standbys } = await parts(site)`.

import { Host } from "./hosts";
import { Site } from "./site";

export interface Part {
  readonly host: Host;
  readonly role: string;
  readonly timeline: number;
  /** Whether callers are sent here for writes, and for reads. */
  readonly serves: boolean;
  readonly reads: boolean;
}

/** Every PostgreSQL machine that runs. */
export async function parts(site: Site): Promise<readonly Part[]> {
  return Promise.all(
    (await site.with("postgres")).map(async (host) => {
      const said = await site.on(host.name, "cat /run/postgres-status/status; ls /run/postgres-status");
      const value = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(said)?.[1] ?? "";
      const files = said.split("\n");
      return {
        host,
        role: value("role"),
        timeline: Number(value("timeline")),
        serves: files.includes("primary"),
        reads: files.includes("replica"),
      };
    }),
  );
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
