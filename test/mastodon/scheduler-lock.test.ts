import { parse } from "yaml";
import { Pool } from "../../lib";
import { pageOf, WHOLE } from "./mixes";

function files(pool: Pool): Readonly<Record<string, string>> {
  const config = parse(pool.bootText()) as { write_files: readonly { path: string; content: string }[] };
  return Object.fromEntries(config.write_files.map(({ path, content }) => [path, content]));
}

const LOCK = "/etc/systemd/system/mastodon-scheduler-lock.service";
const SCRIPT = "/usr/local/sbin/mastodon-scheduler-lock";
const SIDEKIQ = "/etc/containers/systemd/mastodon-sidekiq@.container";

test("the scheduler's Sidekiq starts with its lock and stops with it; no other has one", () => {
  const { scheduler, sidekiq } = pageOf(WHOLE);
  const found = files(scheduler.pool);
  expect(found[SIDEKIQ]).toContain("\nBindsTo=mastodon-scheduler-lock.service\nAfter=mastodon-scheduler-lock.service\n");
  expect(found[LOCK]).toContain("\nWants=mastodon-sidekiq@1.service\n");
  // Not `direct`: then a lost lock would not stop Sidekiq.
  expect(found[LOCK]).toContain("\nType=notify\nNotifyAccess=all\n");
  expect(found[LOCK]).not.toContain("RestartMode");
  expect(files(sidekiq.pool)[SIDEKIQ]).not.toContain("BindsTo");
  expect(files(sidekiq.pool)[SCRIPT]).toBeUndefined();
});

test("it is taken straight at PostgreSQL, and whoever comes next waits longer than the one before may go on", () => {
  const found = files(pageOf(WHOLE).scheduler.pool);
  const number = (text: string, name: string) => Number(new RegExp(`^${name}='?(\\d+)'?$`, "m").exec(text)![1]);
  expect(found[SCRIPT]).toContain("\nENV_FILE='/etc/mastodon/task.env'\n");
  const [lease, wait] = [number(found[SCRIPT]!, "LEASE_SECONDS"), number(found[SCRIPT]!, "WAIT_SECONDS")];
  const stop = number(found[SIDEKIQ]!, "TimeoutStopSec");
  const round = 20;
  // A restart of PostgreSQL, or a minute without it, is no reason to stop.
  expect(lease).toBeGreaterThan(75);
  expect(wait).toBeGreaterThanOrEqual(lease + round + stop + 30);
});
