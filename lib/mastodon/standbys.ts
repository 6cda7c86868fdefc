// Refuses what could not work of a PostgreSQL and its standbys: `refuseStandbys(postgres, props, replicas, quorum)`.

import { wrongNumber } from "../core/whole-number";
import type { Etcd } from "./etcd";
import type { Postgres, PostgresProps } from "./postgres";
import { MAJOR } from "./programs/postgres-names";
import { Site } from "./site";

export function refuseStandbys(by: Postgres, props: PostgresProps, replicas: number, quorum: () => Etcd | undefined): void {
  const { problems, shared } = Site.of(by);
  if (props.major !== undefined && props.major !== MAJOR) {
    problems.add(by, {
      wrong: `major is ${String(props.major)}`,
      remedy: `use ${MAJOR}, the only one in Debian 13, or leave it out`,
    });
  }
  problems.atSynth(() => {
    if (!(replicas > 0) || quorum() !== undefined) return;
    const several = shared.etcds.map(({ node }) => node.path);
    problems.add(by, {
      wrong: `replicas is ${replicas}, and ${several.length === 0 ? "the page has no Etcd that decides" : `${several.join(" and ")} could both decide`} which machine is primary`,
      remedy: several.length === 0 ? 'add one, as in new Etcd(site, "Etcd", { on: redis })' : "name one of them as quorum",
    });
  });
  if (props.synchronous !== undefined && props.synchronous !== false && replicas < 1) {
    problems.add(by, { wrong: `synchronous is ${props.synchronous} without a replica`, remedy: "use at least one replica" });
  }
  if (props.synchronous === "strict" && replicas === 1) {
    problems.add(by, {
      wrong: 'synchronous is "strict" with one replica',
      remedy: "use at least 2: with one, every write would wait while it is down; or say synchronous: true",
    });
  }
  for (const prop of ["neverPrimary", "noReads"] as const) {
    for (const number of props[prop] ?? [])
      problems.add(by, wrongNumber(`${prop}[]`, number, { least: 1, most: Math.max(1, replicas + 1) }));
  }
  const never = new Set(props.neverPrimary ?? []);
  if (never.has(1)) {
    problems.add(by, {
      wrong: "neverPrimary names machine 1, which is the first primary",
      remedy: "name standbys: 2 and higher",
    });
  } else if (replicas > 0 && never.size >= replicas) {
    problems.add(by, { wrong: "neverPrimary names all standbys, so none would ever take over", remedy: "leave one out" });
  }
}
