import { owner, World } from "../../lib/bin/owner";
import { said } from "../said";

/** A computer with these sites; the machine `web-1-abc123` of each has the command. */
function computer(sites: readonly string[], status = 0) {
  const ran: string[] = [];
  const world: World = {
    sites: () => sites,
    running: () => ["streaming-1-abc123", "web-1-abc123", "database-1"],
    isWeb: (_site, machine) => machine.startsWith("web-"),
    run: (command, args) => {
      ran.push([command, ...args].join(" ").replace(/\S+\/local\.sh/, "local.sh"));
      return status;
    },
  };
  const run = (...args: readonly string[]) => ({ ...said(() => owner(args, world)), ran });
  return { run };
}

test("the account is made on a web machine of the only site, and the status there is the command's", () => {
  const ran = ["bash local.sh run social web-1-abc123 -- mastodon-owner ada --email ada@example.org"];
  expect(computer(["social"]).run("ada", "--email", "ada@example.org")).toEqual({ status: 0, said: "", ran });
  expect(computer(["social"], 1).run("--email=ada@example.org", "ada")).toEqual({ status: 1, said: "", ran });
});

test("beside other sites it wants to know which", () => {
  expect(computer(["north", "south"]).run("ada", "--email", "ada@example.org")).toEqual({
    status: 1,
    said: "there are: north, south: choose one by --site\n",
    ran: [],
  });
  expect(computer(["north", "south"]).run("ada", "--email", "ada@example.org", "--site", "south").ran).toEqual([
    "bash local.sh run south web-1-abc123 -- mastodon-owner ada --email ada@example.org",
  ]);
  expect(computer(["north"]).run("ada", "--email", "ada@example.org", "--site", "nroth")).toEqual({
    status: 1,
    said: "there is no site nroth on this computer; there are: north\n",
    ran: [],
  });
});

test("without a site it says how to get one", () => {
  expect(computer([]).run("ada", "--email", "ada@example.org")).toEqual({
    status: 1,
    said: "the local cloud has no site on this computer; npm start makes one, and --ssh reaches a rented machine\n",
    ran: [],
  });
});

test("a rented machine is reached by ssh, its shell gets each word whole, and no word is an option of ssh", () => {
  const { status, ran } = computer([]).run("ada", "--email", "ada@example.org", "--ssh", "root@192.0.2.7");
  expect({ status, ran: ran.map((line) => line.replace("ssh -t", "ssh")) }).toEqual({
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
  [["ada", "--email", "ada@example.org", "--site", "social", "--ssh", "root@192.0.2.7"], "--site is a site of this computer"],
])("%j is refused before anything runs", (args, why) => {
  const { status, said, ran } = computer(["social"]).run(...args);
  expect({ status, ran }).toEqual({ status: 2, ran: [] });
  expect(said).toMatch(/^usage: cdktf-mastodon owner NAME --email ADDRESS/);
  expect(said).toContain(`\n${why}`);
});
