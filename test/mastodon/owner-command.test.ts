import { NoInventory } from "../../lib/bin/deployed";
import { owner, World } from "../../lib/bin/owner";
import { Inventory, InventoryPool } from "../../lib/core/inventory";
import { said } from "../said";

function pool(name: string, what: string, more: Partial<InventoryPool> = {}): InventoryPool {
  const unit = { unit: `${what}.service`, what, tier: `stack/${name}`, facts: {} };
  const size = { cpus: 1, gib: 1, size: 1 };
  return { name, path: `stack/${name}/Hosts`, role: "own", units: [unit], roll: "start-first", ...size, ...more };
}

function site(name: string, cloud: string, ...pools: readonly InventoryPool[]): Inventory {
  return {
    format: 1,
    site: name,
    path: `stack/${name}`,
    host: `${name}.example`,
    facts: {},
    cloud,
    network: "10.20.0.0/16",
    tiers: [],
    machines: [],
    pools,
    renewal: [],
  };
}

const onThisHost = (name: string) => site(name, "local", pool("live", "streaming"), pool("front", "web"));

/** A page with these deployed sites. */
function page(sites: readonly Inventory[] | NoInventory, status = 0) {
  const ran: string[] = [];
  const asked: string[] = [];
  const world: World = {
    deployed: (directory) => {
      asked.push(directory);
      if (sites instanceof NoInventory) throw sites;
      return sites;
    },
    running: () => [
      { name: "database-1", pool: "-" },
      { name: "live-1-abc123", pool: "live" },
      { name: "front-2-abc123", pool: "front" },
    ],
    listed: (command) => (command === "list front" ? ["i-0a", "i-0b"] : []),
    run: (command, args) => {
      ran.push(
        [command, ...args]
          .join(" ")
          .replace(/\S+\/local\.sh/, "local.sh")
          .replace("ssh -t", "ssh"),
      );
      return status;
    },
  };
  const run = (...args: readonly string[]) => ({ ...said(() => owner(args, world)), ran });
  return { run, asked };
}

const computer = (names: readonly string[], status = 0) => page(names.map(onThisHost), status);

test("the account is made on a web machine of the only site that runs, and the status there is the command's", () => {
  const ran = ["bash local.sh run social front-2-abc123 -- mastodon-owner ada --email ada@example.org"];
  expect(computer(["social"]).run("ada", "--email", "ada@example.org")).toEqual({ status: 0, said: "", ran });
  expect(computer(["social"], 1).run("--email=ada@example.org", "ada")).toEqual({ status: 1, said: "", ran });
  const elsewhere = computer(["social"]);
  expect(elsewhere.run("ada", "--email", "ada@example.org", "--out", "out").ran).toEqual(ran);
  expect(elsewhere.asked).toEqual(["out"]);
});

test("beside other sites it wants to know which", () => {
  expect(computer(["north", "south"]).run("ada", "--email", "ada@example.org")).toEqual({
    status: 1,
    said: "there are: north, south / choose one by --site\n",
    ran: [],
  });
  expect(computer(["north", "south"]).run("ada", "--email", "ada@example.org", "--site", "south").ran).toEqual([
    "bash local.sh run south front-2-abc123 -- mastodon-owner ada --email ada@example.org",
  ]);
  expect(computer(["north"]).run("ada", "--email", "ada@example.org", "--site", "nroth")).toEqual({
    status: 1,
    said: "there is no deployed site nroth; there are: north / choose one by --site\n",
    ran: [],
  });
});

test("on a rented cloud it logs in as the inventory says, on the first member with a log-in", () => {
  const members = [
    { name: "front-1" },
    { name: "front-2", login: "ssh root@192.0.2.7" },
    { name: "front-3", login: "ssh root@192.0.2.8" },
  ];
  expect(page([site("social", "elsewhere", pool("front", "web", { members }))]).run("ada", "--email", "ada@example.org")).toEqual(
    {
      status: 0,
      said: "",
      ran: ["ssh root@192.0.2.7 'mastodon-owner' 'ada' '--email' 'ada@example.org'"],
    },
  );
  const enter = [{ name: "front-1", login: "enter front-1 --" }];
  expect(
    page([site("social", "elsewhere", pool("front", "web", { members: enter }))]).run("ada", "--email", "a@example.org").ran,
  ).toEqual(["enter front-1 -- mastodon-owner ada --email a@example.org"]);
});

test("where only the cloud knows the members it logs in on the first that the pool's list names", () => {
  const login = 'ssh -t -o ProxyCommand="open tunnel %h" admin@MEMBER sudo -i';
  const listed = (list: string) => page([site("social", "elsewhere", pool("front", "web", { login, list }))]);
  expect(listed("list front").run("ada", "--email", "ada@example.org")).toEqual({
    status: 0,
    said: "",
    ran: ["ssh -o ProxyCommand=open tunnel %h admin@i-0a sudo -i 'mastodon-owner' 'ada' '--email' 'ada@example.org'"],
  });
  expect(listed("list none").run("ada", "--email", "ada@example.org")).toMatchObject({ status: 1, ran: [] });
});

test("a word in quotes is one word, as the shell takes it", () => {
  const words: (readonly string[])[] = [];
  const login = 'ssh -o ProxyCommand="open tunnel %h" admin@i-0a sudo -i';
  const world: World = {
    deployed: () => [site("social", "elsewhere", pool("front", "web", { members: [{ name: "front-1", login }] }))],
    running: () => [],
    listed: () => [],
    run: (command, args) => words.push([command, ...args.filter((arg) => arg !== "-t")]) - 1,
  };
  expect(owner(["ada", "--email", "a@example.org"], world)).toBe(0);
  expect(words).toEqual([
    ["ssh", "-o", "ProxyCommand=open tunnel %h", "admin@i-0a", "sudo", "-i", "'mastodon-owner' 'ada' '--email' 'a@example.org'"],
  ]);
});

test("where it finds no web machine it says what to do", () => {
  const told = (sites: readonly Inventory[] | NoInventory) => {
    const { status, said, ran } = page(sites).run("ada", "--email", "ada@example.org");
    expect({ status, ran }).toEqual({ status: 1, ran: [] });
    return said;
  };
  expect(told([])).toBe("no site of this page is deployed / deploy it, or name a web machine by --ssh\n");
  expect(told(new NoInventory("nothing here"))).toBe("nothing here\n--ssh USER@HOST does without it\n");
  expect(told([site("social", "local", pool("live", "streaming"))])).toBe(
    "the site social has no web machine / add a WebTier to the page\n",
  );
  expect(told([site("social", "local", pool("back", "web"))])).toBe(
    "no web machine of the site social runs; npm start starts those that are off\n",
  );
  expect(told([site("social", "elsewhere", pool("front", "web", { members: [{ name: "front-1" }], list: "list front" }))])).toBe(
    "the inventory has no way to log in on a web machine of social / name one by --ssh USER@HOST; list front lists them\n",
  );
});

test("a rented machine is reached by ssh, its shell gets each word whole, and no word is an option of ssh", () => {
  const { status, ran } = computer([]).run("ada", "--email", "ada@example.org", "--ssh", "root@192.0.2.7");
  expect({ status, ran }).toEqual({
    status: 0,
    ran: ["ssh -- root@192.0.2.7 'mastodon-owner' 'ada' '--email' 'ada@example.org'"],
  });
});

test.each<[readonly string[], string]>([
  [[], `"" is no name of an account: 1 to 30 letters, digits and underscores`],
  [["ada"], `"" is no mail address: give yours as --email ADDRESS`],
  [["ada lovelace", "--email", "ada@example.org"], `"ada lovelace" is no name of an account`],
  [["ada", "--email", "ada"], `"ada" is no mail address`],
  [["ada", "--email", "a'$(id)@example.org"], `"a'$(id)@example.org" is no mail address`],
  [["ada", "--email"], "--email has no value"],
  [["ada", "eve", "--email", "ada@example.org"], `"eve" is one word too many`],
  [["ada", "--mail", "ada@example.org"], "there is no option --mail"],
  [
    ["ada", "--email", "ada@example.org", "--site", "social", "--ssh", "root@192.0.2.7"],
    "--site and --out are for machines that the inventory knows",
  ],
])("%j is refused before anything runs", (args, why) => {
  const { status, said, ran } = computer(["social"]).run(...args);
  expect({ status, ran }).toEqual({ status: 2, ran: [] });
  expect(said).toMatch(/^usage: cdktf-mastodon owner NAME --email ADDRESS/);
  expect(said).toContain(`\n${why}`);
});
