// The front door's state of the machines behind it: `const before = await members(site)`, and later `markedDead(before, await members(site))`.

import { Finding } from "./drill";
import { Site } from "./site";

export interface Member {
  readonly name: string;
  readonly status: string;
  /** How often it was marked dead since HAProxy knows it. */
  readonly timesDead: number;
}

const ASK = `socat - /run/haproxy/admin.sock <<<'show stat -1 4 -1'`;

/** Every member of every route. */
export async function members(site: Site): Promise<readonly Member[]> {
  const [door] = await site.with("front-door");
  return membersOf(await site.on(door!.name, ASK));
}

/** HAProxy's statistics, whose first line names the columns. */
export function membersOf(csv: string): readonly Member[] {
  const [head, ...lines] = csv.split("\n").filter((line) => line !== "");
  const columns = (head ?? "").replace(/^# /, "").split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    const cell = (column: string) => cells[columns.indexOf(column)] ?? "";
    return { name: `${cell("pxname")}/${cell("svname")}`, status: cell("status"), timesDead: Number(cell("chkdown")) };
  });
}

export function markedDead(before: readonly Member[], after: readonly Member[]): Finding {
  const dead = after.filter(({ name, status, timesDead }) => {
    const known = before.find((member) => member.name === name)?.timesDead ?? 0;
    return timesDead > known || status.startsWith("DOWN");
  });
  return dead.length === 0
    ? { said: "the front door marked no member dead" }
    : { said: `the front door marked dead: ${dead.map(({ name }) => name.split("/")[1]).join(", ")}`, bad: true };
}
