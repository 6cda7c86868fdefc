// Advice as a person reads it: `adviceText(advice(watch)).join("\n")`.

import { Advice } from "./advised";

export function adviceText(all: readonly Advice[]): readonly string[] {
  const of = (kind: Advice["kind"]) => all.filter((one) => one.kind === kind);
  const [raise, lower] = [of("raise"), of("lower")];
  return [
    ...(raise.length === 0
      ? [of("unmeasured").length === 0 ? "Nothing to do." : "Nothing to do, as far as is known."]
      : ["Do, the first one first:", ...raise.flatMap(steps)]),
    ...(lower.length === 0 ? [] : ["", "Larger than these hours needed:", ...lower.flatMap(steps)]),
    ...seen("Fine:", of("fine")),
    ...seen("Not known:", of("unmeasured")),
  ];
}

function steps({ about, seen, changes, connections, notes }: Advice, n: number): readonly string[] {
  return [
    `${n + 1}. ${about}: ${seen}.`,
    ...changes.map(
      ({ kind, path, prop, from, to, cost }) => `   Change \`${prop}\` of ${kind} ${path} from ${from} to ${to}. It ${cost}.`,
    ),
    ...[...connections, ...notes].map((line) => `   ${line}.`),
  ];
}

function seen(title: string, all: readonly Advice[]): readonly string[] {
  return all.length === 0 ? [] : ["", title, ...all.map(({ about, seen }) => `- ${about}: ${seen}.`)];
}
