import { Host } from "../../drills/hosts";
import { jobsAtRisk } from "../../drills/sidekiq";
import { Site } from "../../drills/site";

/** A site with 5 and 10 threads of Sidekiq, whose sentinels say that this machine is master for jobs. */
const site = (master: string | undefined) =>
  ({
    master: (use: string) => Promise.resolve(use === "SIDEKIQ_" && master !== undefined ? { name: master } : undefined),
    with: () =>
      Promise.resolve([5, 10].map((threads) => ({ units: [{ what: "sidekiq", facts: { threads } }] }) as unknown as Host)),
  }) as unknown as Site;

test("jobs may be lost only with the master of Sidekiq's Redis, and no more than are in hand", async () => {
  expect(await jobsAtRisk(site("redis-1"), ["redis-1"])).toBe(15);
  expect(await jobsAtRisk(site("redis-2"), ["redis-1", "redis-3"])).toBe(0);
});

test("a Redis that no sentinel watches may be on any of the machines", async () => {
  expect(await jobsAtRisk(site(undefined), ["redis-1"])).toBe(15);
});
