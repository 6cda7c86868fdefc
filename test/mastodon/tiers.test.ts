import { readableText } from "../../lib/core/render/terraform-text";
import { textOf } from "../../lib/core/program";
import { CATALOGUE, Process } from "../../lib/mastodon/env-catalogue";
import { FakeCloudOptions } from "../../lib/testing";
import { Mix, MIXES, pageOf, Tier, Variation, WHOLE } from "./mixes";

const FLAVOURS: readonly FakeCloudOptions[] = [
  { addresses: "chosen", pools: "members" },
  { addresses: "computed", pools: "members" },
  { addresses: "chosen", pools: "group" },
  { addresses: "computed", pools: "group" },
];
const PAGES: readonly Mix[] = [
  WHOLE,
  { ...WHOLE, streaming: "beside" },
  { ...WHOLE, database: "straight", sentinels: false, cache: false, jobs: false },
];
const TIERS: readonly Tier[] = ["streaming", "web", "everything", "scheduler"];

/** The boot text of every machine and pool as a reviewer reads it. */
function texts(mix: Mix, variation: Variation): Readonly<Record<string, string>> {
  const { cloud, site } = pageOf(mix, variation);
  const found = [...cloud.machines, ...cloud.pools].map((spec) => [spec.name, readableText(spec.bootText())] as const);
  // Two machines in the scheduler's group are refused, but its boot text is still that of one.
  expect(site.problems.all().filter((problem) => !/scheduler/.test(problem))).toEqual([]);
  return Object.fromEntries(found);
}

describe.each(FLAVOURS)("on a cloud with $addresses addresses and pools as $pools", (flavour) => {
  describe.each(PAGES)("with database $database and streaming $streaming", (mix) => {
    const before = texts(mix, flavour);

    test.each(TIERS)("one more machine of %s changes no boot text at all", (grown) => {
      expect(texts(mix, { ...flavour, grown })).toEqual(before);
    });

    test("the order of the page changes no boot text", () => {
      expect(texts(mix, { ...flavour, order: ["scheduler", "everything", "streaming", "web"] })).toEqual(before);
    });

    test("one more tier of a role that is there changes no other boot text", () => {
      const { mails, ...others } = texts(mix, { ...flavour, order: [...TIERS, "more"] });
      expect(mails).toContain("-q mailers\n");
      expect(others).toEqual(before);
    });

    test("every tier knows the names that its variables hold", () => {
      for (const [name, text] of Object.entries(before)) {
        const hosts = [...text.matchAll(/_(?:HOST|SENTINELS)=(.*)$/gm)].flatMap((match) => match[1]!.split(","));
        for (const host of hosts.map((part) => part.replace(/:\d+$/, ""))) {
          const known = flavour.addresses === "chosen" ? `^ +10\\.20\\.\\d+\\.\\d+ ${host}$` : `^ +<known after apply> ${host}$`;
          expect({ name, host, text }).toEqual({ name, host, text: expect.stringMatching(new RegExp(known, "m")) });
        }
      }
    });
  });
});

const RAILS = ["secret_key_base", "otp_secret", "active_record_encryption_primary_key", "database_password"].concat(
  ["active_record_encryption_deterministic_key", "active_record_encryption_key_derivation_salt", "sentinel_password"],
  ["redis_password", "redis_cache_password", "redis_sidekiq_password"],
);
const MAY_HOLD: Readonly<Record<Process, readonly string[]>> = {
  task: RAILS,
  web: [...RAILS, "vapid_private_key", "vapid_public_key"],
  sidekiq: [...RAILS, "vapid_private_key", "vapid_public_key"],
  streaming: ["database_password", "redis_password", "sentinel_password"],
};

test("over all mixes, no env file holds an empty value, a name that its process does not read, or another's secret", () => {
  for (const mix of MIXES) {
    const { live, web, sidekiq, scheduler } = pageOf(mix);
    const steps = [live, web, sidekiq, scheduler].flatMap((tier) => tier?.pool.program.steps ?? []);
    const files = steps.flatMap((step) => (step.kind === "file" && step.path.endsWith(".env") ? [step] : []));
    expect(files.length).toBeGreaterThanOrEqual(4);
    for (const { path, content, mode } of files) {
      const process = /^\/etc\/mastodon\/(web|task|sidekiq|streaming)(-\d+)?\.env$/.exec(path)![1] as Process;
      const lines = readableText(textOf(content)).trimEnd().split("\n");
      const wrong = lines.filter((line) => {
        const [, name, value] = /^([A-Z0-9_]+)=(.+)$/.exec(line) ?? [];
        const secret = /^<secret (.*)>$/.exec(value ?? "")?.[1];
        const foreign = secret !== undefined && !MAY_HOLD[process].includes(secret);
        return name === undefined || !CATALOGUE[name]?.readBy.includes(process) || foreign;
      });
      expect({ mix, path, mode, wrong }).toEqual({ mix, path, mode: "0600", wrong: [] });
    }
  }
});
