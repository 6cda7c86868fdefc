import { readableText } from "../../lib/core/render/terraform-text";
import { FakeCloudOptions } from "../../lib/testing";
import { Mix, pageOf, Tier, Variation, WHOLE } from "./mixes";

const FLAVOURS: readonly FakeCloudOptions[] = [
  { addresses: "chosen", pools: "members" },
  { addresses: "computed", pools: "members" },
  { addresses: "chosen", pools: "group" },
  { addresses: "computed", pools: "group" },
];
const PAGES: readonly Mix[] = [
  WHOLE,
  { ...WHOLE, database: "straight", sentinels: false, cache: false, jobs: false, streaming: "beside" },
];
const TIERS: readonly Tier[] = ["streaming", "web", "everything", "scheduler"];

/** The boot text of every machine and pool as a reviewer reads it. */
function texts(mix: Mix, variation: Variation): Readonly<Record<string, string>> {
  const { cloud } = pageOf(mix, variation);
  return Object.fromEntries([...cloud.machines, ...cloud.pools].map((spec) => [spec.name, readableText(spec.bootText())]));
}

describe.each(FLAVOURS)("on a cloud with $addresses addresses and pools as $pools", (flavour) => {
  describe.each(PAGES)("with database $database and streaming $streaming", (mix) => {
    const before = texts(mix, flavour);

    test("the page has no problem", () => {
      expect(pageOf(mix, flavour).site.problems.all()).toEqual([]);
    });

    // A second machine for the scheduler is refused, but not because of a boot text.
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
        // Also those behind a port of the own machine.
        const behind = [...text.matchAll(/^ +server \S+ ([a-z0-9-]+):\d+$/gm)].map((match) => match[1]!);
        const redis = [...text.matchAll(/^ +redis \S+ \d+ .+ (\S+) (\S+)$/gm)].flatMap((match) =>
          `${match[1]},${match[2]}`.split(","),
        );
        const hosts = [...text.matchAll(/_(?:HOST|SENTINELS)=(.*)$/gm)]
          .flatMap((match) => match[1]!.split(","))
          .concat(behind, redis);
        for (const host of hosts.map((part) => part.replace(/:\d+$/, ""))) {
          if (host === "127.0.0.1" || host === "none") continue;
          // Where addresses are computed, the cloud's own part of the program is told whom the host has to find.
          const known = flavour.addresses === "chosen" ? `^ +10\\.20\\.\\d+\\.\\d+ ${host}$` : `^ +${host}$`;
          expect({ name, host, text }).toEqual({ name, host, text: expect.stringMatching(new RegExp(known, "m")) });
        }
      }
    });
  });
});
