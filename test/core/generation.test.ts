// A roll-out asked for by cdktf's context: which boot texts change, and what is refused.

import { App, TerraformStack, Testing } from "cdktf";
import { Construct } from "constructs";
import { Machine, Pool, Site, Size } from "../../lib";
import { FakeCloud } from "../../lib/testing";
import { pageProblems } from "../page-problems";

const size = Size.of({ cpus: 1, gib: 1 });

function page(context: Readonly<Record<string, unknown>>) {
  const stack = new TerraformStack(new App({ context }), "stack");
  const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6" });
  const tier = new Construct(site, "Cellar");
  const range = site.range(tier, "own", "cellar", 1);
  const kept = new Machine(tier, "1", { name: "cellar-1", role: "own", range, number: 1, size });
  const pool = (id: string, name: string, slot: number) =>
    new Pool(tier, id, { name, role: "own", range: site.range(tier, "own", name, slot), machines: 1, size });
  return { stack, kept, red: pool("Red", "red", 2), white: pool("White", "white", 3) };
}

function texts(context: Readonly<Record<string, unknown>>) {
  const { kept, red, white } = page(context);
  return { kept: kept.bootText(), red: red.bootText(), white: white.bootText() };
}

/** A text with this comment in its second line. */
function of(text: string, generation: string): string {
  const [first, ...rest] = text.split("\n");
  return [first, `# generation: ${generation}`, ...rest].join("\n");
}

test("a word for all changes the boot texts of pools by one comment, and of kept machines nothing", () => {
  const { kept, red, white } = texts({});
  expect(red.split("\n")[0]).toBe("#cloud-config");
  expect(texts({ "cdktf-mastodon:generation": "2026-11-28T23:00:00.000Z" })).toEqual({
    kept,
    red: of(red, "2026-11-28T23:00:00.000Z"),
    white: of(white, "2026-11-28T23:00:00.000Z"),
  });
  expect(texts({ "cdktf-mastodon:generation": 2 }).red).toBe(of(red, "2"));
});

test("a pool's own word goes before the one for all, so that the others stay", () => {
  const before = texts({});
  expect(texts({ "cdktf-mastodon:generation:white": "3" })).toEqual({ ...before, white: of(before.white, "3") });
  expect(texts({ "cdktf-mastodon:generation": "2", "cdktf-mastodon:generation:white": "3" })).toEqual({
    kept: before.kept,
    red: of(before.red, "2"),
    white: of(before.white, "3"),
  });
});

test("words that could be more than a comment, and pools that are not there, are refused", () => {
  const { stack } = page({
    "cdktf-mastodon:generation": "2\nruncmd: [[reboot]]",
    "cdktf-mastodon:generation:red": ["2"],
    "cdktf-mastodon:generation:rose": "2",
    "cdktf-mastodon:generation:white": "",
    generation: "no word of ours",
  });
  const remedy = "use a word of 1 to 64 letters, digits, dots, colons, dashes, pluses and underscores, such as a date";
  expect(pageProblems(() => Testing.synth(stack, true))).toEqual([
    `stack/Social: the context "cdktf-mastodon:generation" is "2\\nruncmd: [[reboot]]" / ${remedy}`,
    `stack/Social: the context "cdktf-mastodon:generation:red" is ["2"] / ${remedy}`,
    'stack/Social: the context "cdktf-mastodon:generation:rose" names no pool of this page / name one that is: red, white',
    `stack/Social: the context "cdktf-mastodon:generation:white" is "" / ${remedy}`,
  ]);
});
