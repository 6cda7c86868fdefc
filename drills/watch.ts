// Who says that it is primary, asked on each PostgreSQL machine itself three times a second: `const watch = watchPrimaries(scene, hosts)`.

import { PATRONI_PORT } from "../lib/mastodon/ports";
import { Finding, Scene } from "./drill";
import { Host } from "./hosts";
import { secondsOf } from "./rows";
import { Going } from "./site";

/** One question to a machine's Patroni. */
export interface Sample {
  readonly machine: string;
  readonly atMs: number;
  readonly primary: boolean;
}

export interface Both {
  readonly machines: readonly [string, string];
  readonly seconds: number;
}

export interface Watch {
  /** Asks a machine that has lost its power and has it back. */
  readonly again: (host: Host) => void;
  /** What all have said; bad if two were primary at once. */
  readonly end: () => Promise<Finding>;
}

/** An answer that took longer says nothing of when it was true. */
const MOST_MS = 1500;
/** Between two answers that are further apart nothing is known. */
const SILENT_MS = 3000;

export const QUESTION = `
end=$((SECONDS + 600))
while [ $SECONDS -lt $end ]; do
  read -r -t 0.3 _
  [ $? -gt 128 ] || break
  from=$(date +%s%3N)
  code=$(curl -s -o /dev/null -m 1 -w '%{http_code}' http://127.0.0.1:${PATRONI_PORT}/primary)
  echo "$from $(date +%s%3N) $code"
done`;

export function watchPrimaries(scene: Scene, hosts: readonly Host[]): Watch {
  const all: { readonly machine: string; readonly going: Going }[] = [];
  const again = ({ name: machine }: Host) => void all.push({ machine, going: scene.site.start(machine, QUESTION) });
  for (const host of hosts) again(host);
  const end = async () => {
    const lines = await Promise.all(all.map(async ({ machine, going }) => samplesOf(machine, await going.end())));
    return toldBoth(primariesAtOnce(lines.flat()));
  };
  scene.later(async () => void (await end()));
  return { again, end };
}

export function samplesOf(machine: string, lines: readonly string[]): readonly Sample[] {
  return lines.flatMap((line) => {
    const [from, to, code] = line.split(" ");
    return Number(to) - Number(from) <= MOST_MS ? [{ machine, atMs: Number(to), primary: code === "200" }] : [];
  });
}

/** Pairs of machines that said so at the same time. */
export function primariesAtOnce(samples: readonly Sample[]): readonly Both[] {
  const machines = [...new Set(samples.map(({ machine }) => machine))].sort();
  const stretches = machines.map((machine) => ({ machine, of: stretchesOf(samples.filter((one) => one.machine === machine)) }));
  return stretches.flatMap((a, n) =>
    stretches.slice(n + 1).flatMap((b): readonly Both[] => {
      const both = a.of.flatMap((one) => b.of.map((two) => Math.min(one.toMs, two.toMs) - Math.max(one.fromMs, two.fromMs)));
      const longest = Math.max(-1, ...both);
      return longest < 0 ? [] : [{ machines: [a.machine, b.machine], seconds: secondsOf(longest) }];
    }),
  );
}

interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The times in which a machine was primary, from its first answer that says so to its last. */
function stretchesOf(samples: readonly Sample[]): readonly Stretch[] {
  const found: Stretch[] = [];
  let open = false;
  for (const { atMs, primary } of [...samples].sort((a, b) => a.atMs - b.atMs)) {
    const last = found.at(-1);
    if (primary && open && last !== undefined && atMs - last.toMs <= SILENT_MS)
      found.splice(-1, 1, { fromMs: last.fromMs, toMs: atMs });
    else if (primary) found.push({ fromMs: atMs, toMs: atMs });
    open = primary;
  }
  return found;
}

function toldBoth(both: readonly Both[]): Finding {
  return both.length === 0
    ? { said: "at no time two machines said that they are primary", numbers: { "two primaries, s": 0 } }
    : {
        said: both
          .map(({ machines, seconds }) => `${machines.join(" and ")} said for ${seconds} s that they are primary`)
          .join("; "),
        bad: true,
        numbers: { "two primaries, s": Math.max(...both.map(({ seconds }) => seconds)) },
      };
}
