// What a change does to the connections of databases, in words: `withMachines(page, "web", { from: 4, to: 6 })`. The sums are those that
// `cdktf-mastodon connections` prints and synth checks.

import { Inventory } from "../../core/inventory";
import { Budget, BudgetRow, surgeOf } from "../connections";
import { RESERVED } from "../postgres";
import { up } from "./advice-words";

export { type Budget } from "../connections";

interface Sums {
  readonly inventory: Inventory;
  readonly budgets: readonly Budget[];
}

/** What an administrator's commands and the database task open does not depend on the number of machines. */
const BY_MACHINE: readonly (string | undefined)[] = [undefined, "streaming", "server connections"];

/** One sentence for each server to which the tier connects. */
export function withMachines(
  page: Sums,
  tier: string,
  { from, to }: { readonly from: number; readonly to: number },
): readonly string[] {
  const concerns = (row: BudgetRow) => row.tier === tier && BY_MACHINE.includes(row.what);
  return page.budgets.flatMap((budget) => {
    const own = budget.rows.filter(concerns);
    if (own.length === 0) return [];
    const more = (count: number) => (row: BudgetRow) =>
      concerns(row) ? { ...row, processes: Math.round((row.processes / from) * count) } : row;
    const each = surgeOf(own) / from;
    const room = Math.floor((budget.most - (surgeOf(budget.rows) - surgeOf(own))) / each + 1e-9);
    const until = room >= to ? `; there is room for ${room} machines of ${tier}` : "";
    return [sentence(page.inventory, budget, tier, budget.rows.map(more(to)), until)];
  });
}

/** The same if each process of the tier opens more. */
export function withEach(page: Sums, tier: string, what: string | undefined, factor: number): readonly string[] {
  const concerns = (row: BudgetRow) => row.tier === tier && row.what === what;
  return page.budgets.flatMap((budget) =>
    budget.rows.some(concerns)
      ? [
          sentence(
            page.inventory,
            budget,
            tier,
            budget.rows.map((row) => (concerns(row) ? { ...row, each: Math.round(row.each * factor) } : row)),
          ),
        ]
      : [],
  );
}

function sentence(inventory: Inventory, budget: Budget, tier: string, rows: readonly BudgetRow[], until = ""): string {
  const own = surgeOf(rows.filter((row) => row.tier === tier));
  const all = surgeOf(rows);
  const takes = `${tier} then takes ${own} of ${budget.most} connections of ${budget.server} in a roll-out, and all together ${all}`;
  return all <= budget.most
    ? `${takes}${until}`
    : `${takes}: too many. In the same deploy, raise ${limitOf(inventory, budget, all)}`;
}

/** The prop that limits a server. */
function limitOf({ machines, tiers }: Inventory, { server, limit }: Budget, needed: number): string {
  const host = machines.find(({ name }) => name === server || `each of ${name.replace(/-\d+$/, "")}` === server);
  const tier = tiers.find(({ path }) => path === host?.tier);
  if (tier?.kind === "Postgres")
    return `maxConnections of Postgres ${tier.path} to at least ${up(needed + RESERVED, 10)}, which takes effect when you restart PostgreSQL`;
  if (tier?.kind === "PgBouncer") return `maxClients of PgBouncer ${tier.path} to at least ${up(needed, 500)}`;
  return `that limit to at least ${needed} (${limit})`;
}
