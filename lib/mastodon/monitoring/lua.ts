// Reads a Lua script for Redis from a `.lua` file: `lua(join(__dirname, "sidekiq-queues.lua"), { NAMESPACE: "" })`.

import { readFileSync } from "node:fs";

/**
 * The text without its comments, since clouds limit the size of a boot text. Each value becomes a local variable behind the first line, which is
 * Redis' own: `#!lua flags=…`.
 */
export function lua(file: string, values: Readonly<Record<string, string>>): string {
  const [first, ...rest] = readFileSync(file, "utf8").split("\n");
  const assigned = Object.entries(values).map(([name, value]) => `local ${name} = ${JSON.stringify(value)}`);
  return [first, ...assigned, ...rest.filter((line) => !/^\s*--/.test(line))].join("\n");
}
