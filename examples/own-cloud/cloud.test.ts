import { conformance, rollOuts } from "cdktf-mastodon/testing";
import { ownCloud } from "./cloud";

const IN_THE_BOOT_TEXT = "it is part of the boot text, and this cloud has no other use for it";
const NO_PLACES = "this cloud has one zone and one subnet";
const AT_BOOT = "machines fetch them when they boot";
const MAY_CALL_ALL = "outgoing traffic is not filtered";
const REFUSED = "it is not supported, and a page that needs it is rejected";

const excused = {
  "machine.number is never read": NO_PLACES,
  "machine.zone is never read": NO_PLACES,
  "machine.range is never read": NO_PLACES,
  ...Object.fromEntries(
    ["machine", "pool"].flatMap((kind) => [
      [`${kind}.openings is never read`, IN_THE_BOOT_TEXT],
      [`${kind}.names is never read`, IN_THE_BOOT_TEXT],
      [`${kind}.secrets is never read`, IN_THE_BOOT_TEXT],
      [`${kind}.packages is never read`, AT_BOOT],
      [`${kind}.images is never read`, AT_BOOT],
      [`${kind}.calls is never read`, MAY_CALL_ALL],
      [`${kind}.identity is never read`, REFUSED],
    ]),
  ),
  "pool.files is never read": REFUSED,
  "route.clients is never read": "its front door has one size",
};

test("the cloud keeps every rule", () => {
  expect(conformance(() => ownCloud(), { excused })).toEqual([]);
});

test("nothing is lost when a deploy goes wrong", async () => {
  expect(await rollOuts(() => ownCloud())).toEqual([]);
}, 300_000);
