// What to change on a page, from the numbers of its last hours: `advice({ inventory, numbers, budgets })`. `cdktf-mastodon advise` prints it, and
// docs/advise.md says what it looks at.

import { diskAdvice } from "./advice-disks";
import { externalAdvice } from "./advice-external";
import { idleAdvice } from "./advice-idle";
import { machineAdvice } from "./advice-machines";
import { Watch } from "./advice-page";
import { poolerAdvice } from "./advice-poolers";
import { postgresAdvice } from "./advice-postgres";
import { redisAdvice } from "./advice-redis";
import { sidekiqAdvice } from "./advice-sidekiq";
import { streamingAdvice } from "./advice-streaming";
import { webAdvice } from "./advice-web";
import { Advice } from "./advised";

export { type Advice, type Change } from "./advised";

/**
 * What to do first comes first: the database and the pooler, since all else waits for them, then what people notice, then the machines. What is larger
 * than needed follows, and then what is fine.
 */
export function advice(watch: Watch): readonly Advice[] {
  const all = [
    postgresAdvice,
    externalAdvice,
    poolerAdvice,
    redisAdvice,
    webAdvice,
    sidekiqAdvice,
    streamingAdvice,
    machineAdvice,
    diskAdvice,
  ];
  const found = all.flatMap((one) => one(watch));
  const tierOf = ({ about }: Advice) => about.split(",")[0];
  const busy = found.filter(({ kind }) => kind === "raise").map(tierOf);
  const idle = idleAdvice(watch).filter((one) => !busy.includes(tierOf(one)));
  const order: readonly Advice["kind"][] = ["raise", "lower", "unmeasured", "fine"];
  return order.flatMap((kind) => [...found, ...idle].filter((one) => one.kind === kind));
}
