import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(__dirname, "../..");
// What mawk, gawk and POSIX take for a function or a variable of their own. mawk refuses a whole program that sets one of them by -v.
const TAKEN =
  "atan2 close cos exp fflush func function getline gsub index int length log match mktime printf rand sin split sprintf sqrt srand strftime sub substr system systime tolower toupper ENVIRON FILENAME FNR NF NR RLENGTH RSTART";

/** Every variable that a shell text of ours gives to awk, as `file: name`. */
function given(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(ts|sh)$/.test(file) && !file.includes("node_modules"))
    .flatMap((file) => {
      const text = readFileSync(join(ROOT, folder, file), "utf8");
      return [...text.matchAll(/\bawk\b[^\n']*/g)].flatMap(([line]) =>
        [...line.matchAll(/-v (\w+)=/g)].map((match) => `${folder}/${file}: ${match[1]}`),
      );
    });
}

test("no variable of an awk program is called like a function of Debian's awk", () => {
  const all = ["lib", "drills", "bench", "standin", "scripts"].flatMap(given);
  expect(all).toContain("lib/mastodon/programs/etcd-start.sh: self");
  expect(all.filter((one) => TAKEN.split(" ").includes(one.split(": ")[1]!))).toEqual([]);
});
