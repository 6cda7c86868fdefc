// Rule: a cloud may refuse a spec, but must not ignore a field of one. A field that it never reads has no effect, without any message.

import type { MakeCloud } from ".";
import { probe } from "./page";
import { wrapped } from "./wrap";

/** Specs inside of specs, by the field that holds them. */
const INNER: Readonly<Record<string, string>> = { disks: "disk", check: "check", scale: "scale" };

export function neverRead(make: MakeCloud): readonly string[] {
  const unread = new Set<string>();
  probe(wrapped(make(), (what, _, spec, made) => made(watch(what, spec, unread))));
  return [...unread].sort().map((field) => `${field} is never read`);
}

function watch<Spec extends object>(name: string, spec: Spec, unread: Set<string>): Spec {
  for (const field of Object.keys(spec)) unread.add(`${name}.${field}`);
  // Cached, so that each read returns the same object.
  const inside = new Map<string, unknown>();
  return new Proxy(spec, {
    get: (target, field) => {
      unread.delete(`${name}.${String(field)}`);
      const value = Reflect.get(target, field) as unknown;
      const inner = INNER[String(field)];
      if (inner === undefined || value === undefined) return value;
      const known = inside.get(String(field));
      if (known !== undefined) return known;
      const one = (of: unknown) => watch(inner, of as object, unread);
      const made: unknown = Array.isArray(value) ? value.map(one) : one(value);
      inside.set(String(field), made);
      return made;
    },
    ownKeys: () => {
      throw new Error(`a cloud must read the fields of a ${name} one by one, not copy it whole`);
    },
  });
}
