// The local cloud by itself: sites side by side, roll-outs that succeed and that fail, and what remains after a failure or a crash.

import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apply, destroy, driver, inside, machines, Place, setUp, synthesize } from "../../scripts/cluster";
import { nothingLeft } from "./left-over";

const PAGE = "test/e2e/pages/two-sites.ts";
const MINUTE = 60_000;
const directory = mkdtempSync(join(tmpdir(), "two-sites-"));
const place: Place = { directory, say: (line) => process.stderr.write(`  ${line}\n`) };

const deploy = async (environment: Readonly<Record<string, string>> = {}) =>
  apply(await synthesize(PAGE, place, environment), place);

const names = (site: string) => machines(site).map(({ name }) => name);

/** What the world gets from a site. */
function page(site: "north" | "south"): string {
  const address = site === "north" ? "10.61.0.10" : "10.62.0.10";
  const url = `https://${site}.example/`;
  return spawnSync("curl", ["-sk", "-m", "5", "--resolve", `${site}.example:443:${address}`, url], { encoding: "utf8" }).stdout;
}

beforeAll(() => setUp(place), 10 * MINUTE);

afterAll(() => {
  for (const site of ["north", "south"]) driver(["clean", site]);
  rmSync(directory, { recursive: true, force: true });
}, MINUTE);

test("what the host lacks is said before anything is made, all of it at once", () => {
  const wishes = { SITE: "north", CIDR: "127.0.0.0/16", MEMORY_GIB: "100000", DISK_GIB: "100000" };
  const problems = (() => {
    try {
      return driver(["preflight"], { ...wishes, TERRAFORM_BINARY_NAME: "no-such-terraform" });
    } catch (error) {
      return (error as Error).message;
    }
  })();
  expect(problems.split("\n").filter((line) => line.startsWith("local: "))).toEqual([
    expect.stringMatching(/^local: no-such-terraform is missing: install Terraform 1\.5 or later/),
    expect.stringMatching(/^local: \d+ GiB of memory are available, 100000 GiB are wanted: stop something/),
    expect.stringMatching(/^local: \d+ GiB are free at \S+, 100000 GiB are wanted: make room/),
    expect.stringMatching(/^local: the network 127\.0\.0\.0\/16 overlaps 127\.0\.0\.1\/8 of lo on this host/),
  ]);
  expect(machines("north")).toEqual([]);
});

test("nobody but root is let in, and is told what to do", () => {
  // From a copy that everybody may read: the repository may lie in root's home.
  const copy = join(directory, "driver");
  cpSync(join(__dirname, "../../lib/clouds/local/driver"), copy, { recursive: true });
  chmodSync(directory, 0o755);
  const words = ["--reuid=65534", "--regid=65534", "--clear-groups", "bash", join(copy, "local.sh"), "preflight"];
  const { status, stderr } = spawnSync("setpriv", words, { encoding: "utf8" });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: "local: the local cloud needs Linux and root: run it again with sudo on a Linux host\n",
  });
});

test(
  "two sites live side by side, each with addresses of its own",
  async () => {
    await deploy();
    expect(page("north")).toBe("generation 1\n");
    expect(page("south")).toBe("generation 1\n");
    expect(machines("north").every(({ address }) => address.startsWith("10.61."))).toBe(true);
    expect(machines("south").every(({ address }) => address.startsWith("10.62."))).toBe(true);
  },
  20 * MINUTE,
);

test(
  "a roll-out replaces the members, and no request fails meanwhile",
  async () => {
    const before = names("north");
    const failures: string[] = [];
    let going = true;
    const load = (async () => {
      while (going) {
        const said = page("north");
        if (!/^generation [12]\n$/.test(said)) failures.push(said);
        await new Promise((next) => setTimeout(next, 50));
      }
    })();
    await deploy({ GENERATION: "2" });
    going = false;
    await load;
    expect(failures).toEqual([]);
    expect(page("north")).toBe("generation 2\n");
    const kept = names("north").filter((name) => before.includes(name));
    expect(kept).toEqual(["front-door", "keeper"]);
  },
  5 * MINUTE,
);

test(
  "a kept machine stays as it is when its text changes, and the output says how to renew it",
  async () => {
    const before = inside("north", "keeper", "stat", "-c", "%Y", "/proc/1");
    const stack = await synthesize(PAGE, place, { GENERATION: "2", BOOT: "true again" });
    await apply(stack, place);
    expect(inside("north", "keeper", "stat", "-c", "%Y", "/proc/1")).toBe(before);
    const { stdout } = spawnSync("terraform", [`-chdir=${stack}`, "output", "-json", "north_machines_older_than_the_page"], {
      encoding: "utf8",
    });
    const renewals = JSON.parse(stdout) as Record<string, string>;
    expect(Object.keys(renewals)).toEqual(["keeper"]);
    await apply(stack, place, [renewals["keeper"]!]);
    expect(inside("north", "keeper", "stat", "-c", "%Y", "/proc/1")).not.toBe(before);
  },
  5 * MINUTE,
);

test(
  "new members that never become ready leave the old ones serving, and the next apply goes on",
  async () => {
    const before = names("north");
    await expect(deploy({ GENERATION: "3", READY: "false" })).rejects.toThrow(/web-1-\w{6} is not ready after 20 s: not willing/);
    expect(page("north")).toBe("generation 2\n");
    expect(names("north")).toEqual(expect.arrayContaining([...before]));
    await deploy({ GENERATION: "4" });
    expect(page("north")).toBe("generation 4\n");
    expect(names("north")).toHaveLength(before.length);
  },
  5 * MINUTE,
);

test(
  "what is taken off the page is gone, though Terraform asks nothing of it any more",
  async () => {
    await deploy({ GENERATION: "4", KEEPER: "no" });
    expect(names("north")).not.toContain("keeper");
    expect(page("north")).toBe("generation 4\n");
    await deploy({ GENERATION: "4" });
    expect(names("north")).toContain("keeper");
  },
  5 * MINUTE,
);

test("a machine or site that is not there is no silent success", () => {
  expect(() => driver(["machine", "kill", "north", "nobody"])).toThrow(
    /there is no machine nobody in the site north; there are: front-door keeper/,
  );
  expect(() => driver(["partition", "cut", "nowhere", "keeper"])).toThrow(
    /there is no site nowhere on this host; there are: north south/,
  );
});

test(
  "a machine that is cut off says so, and serves again when it is healed",
  () => {
    driver(["partition", "cut", "north", "keeper"]);
    expect(machines("north").find(({ name }) => name === "keeper")!.state).toBe("cut");
    expect(() => driver(["wait", "north", "keeper", "1"])).toThrow(/it is cut off from the network: partition heal/);
    driver(["partition", "heal", "north", "keeper"]);
    expect(driver(["wait", "north", "keeper"])).toMatch(/ready after/);
  },
  MINUTE,
);

test("a machine that comes or goes does not change where the others find this host", () => {
  const links = JSON.parse(spawnSync("ip", ["-j", "link", "show", "type", "bridge"], { encoding: "utf8" }).stdout) as readonly {
    readonly ifname: string;
    readonly ifalias?: string;
  }[];
  const bridge = links.find(({ ifalias = "" }) => ifalias.endsWith(" north"))!.ifname;
  const address = () => readFileSync(`/sys/class/net/${bridge}/address`, "utf8");
  const before = address();
  // No address of a machine is lower, and by itself a bridge takes the lowest.
  const port = ["link", "add", "cm-lowest", "address", "00:00:00:00:00:01", "master", bridge, "type", "veth"];
  expect(spawnSync("ip", port, { encoding: "utf8" }).stderr).toBe("");
  try {
    expect(address()).toBe(before);
  } finally {
    spawnSync("ip", ["link", "delete", "cm-lowest"]);
  }
});

test(
  "a boot that fails says why, and destroy leaves nothing all the same",
  async () => {
    const stack = await synthesize(PAGE, place, { GENERATION: "5", BOOT: "echo no such luck; exit 3" });
    const keeper = spawnSync("terraform", [`-chdir=${stack}`, "state", "list"], { encoding: "utf8" })
      .stdout.split("\n")
      .find((line) => line.startsWith("terraform_data.North_Keeper_Machine_"))!;
    await expect(apply(stack, place, [`-replace=${keeper}`])).rejects.toThrow(/no such luck/);
    await destroy(stack, place);
    expect([...nothingLeft("north"), ...nothingLeft("south")]).toEqual([]);
  },
  5 * MINUTE,
);

test(
  "after a crash that lost Terraform's state, one command removes everything",
  async () => {
    await deploy();
    for (const site of ["north", "south"]) driver(["clean", site]);
    expect([...nothingLeft("north"), ...nothingLeft("south")]).toEqual([]);
  },
  5 * MINUTE,
);

test(
  "an address range that is taken is refused before anything is made",
  async () => {
    rmSync(join(directory, "terraform.two-sites.tfstate"), { force: true });
    spawnSync("ip", ["link", "add", "cm-taken", "type", "bridge"]);
    spawnSync("ip", ["address", "add", "10.61.3.1/24", "dev", "cm-taken"]);
    try {
      await expect(deploy()).rejects.toThrow(/the network 10\.61\.0\.0\/16 overlaps\s+10\.61\.3\.1\/24 of cm-taken on this host/);
      expect(machines("north")).toEqual([]);
    } finally {
      spawnSync("ip", ["link", "delete", "cm-taken"]);
    }
  },
  3 * MINUTE,
);
