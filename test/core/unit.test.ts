import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AT_BOOT, NEVER_GIVEN_UP, RESTARTED, unit } from "../../lib/core/unit";

test("a service has its sections and fields in the order given", () => {
  expect(
    unit({
      Unit: { Description: "Waits for %i", ...NEVER_GIVEN_UP },
      Service: { Type: "oneshot", RemainAfterExit: true, ExecStart: "/bin/true", PrivateTmp: false, TimeoutStartSec: "infinity" },
      Install: AT_BOOT,
    }),
  ).toBe(
    "[Unit]\nDescription=Waits for %i\nStartLimitIntervalSec=0\n\n" +
      "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\nPrivateTmp=no\nTimeoutStartSec=infinity\n\n" +
      "[Install]\nWantedBy=multi-user.target\n",
  );
});

test("a drop-in takes back what it overrides, and a name may stand in several groups", () => {
  expect(
    unit({
      Unit: [{ Wants: "a.service", After: "b.service" }, { Wants: "c.service" }],
      Service: { ExecStart: ["", "/bin/true"], CapabilityBoundingSet: "", ...RESTARTED, RestartSec: 5 },
    }),
  ).toBe(
    "[Unit]\nWants=a.service\nAfter=b.service\nWants=c.service\n\n" +
      "[Service]\nExecStart=\nExecStart=/bin/true\nCapabilityBoundingSet=\nRestart=always\nRestartSec=5\n",
  );
});

test("a Quadlet has a line for each volume, and none for what is left out", () => {
  expect(unit({ Container: { Image: "i", ContainerName: "c", Volume: ["/a:/a", "/b:/b"], StopTimeout: 60 } })).toBe(
    "[Container]\nImage=i\nContainerName=c\nVolume=/a:/a\nVolume=/b:/b\nStopTimeout=60\n",
  );
  expect(unit({ Container: { Image: "i", ContainerName: "c", Volume: [] } })).toBe("[Container]\nImage=i\nContainerName=c\n");
});

test("lib writes no unit by hand", () => {
  const lib = join(__dirname, "../../lib");
  const byHand = readdirSync(lib, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && file !== "core/unit.ts")
    .filter((file) =>
      /\[(Unit|Service|Timer|Socket|Container|Install)\](\\n|["`]|$)|StartLimitIntervalSec/m.test(
        readFileSync(join(lib, file), "utf8"),
      ),
    );
  expect(byHand).toEqual([]);
});
