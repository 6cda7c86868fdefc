import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const LIB = join(__dirname, "../../lib");

/** Every import of every file below a folder of lib, as `file: import`. */
function imports(folder: string): readonly string[] {
  return readdirSync(join(LIB, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => {
      const text = readFileSync(join(LIB, folder, file), "utf8");
      return [...text.matchAll(/from "([^"]+)"/g)].map((match) => `${folder}/${file}: ${match[1]}`);
    });
}

test("core knows neither Mastodon nor a cloud", () => {
  expect(imports("core").filter((line) => /mastodon|clouds|provider/.test(line))).toEqual([]);
});

test("mastodon knows no cloud", () => {
  expect(imports("mastodon").filter((line) => /clouds|provider/.test(line))).toEqual([]);
});

test("clouds know nothing of mastodon, nor of each other", () => {
  const clouds = readdirSync(join(LIB, "clouds"));
  for (const cloud of clouds) {
    const others = clouds.filter((other) => other !== cloud && other !== "shared").join("|") || "no other";
    const foreign = new RegExp(`: .*(mastodon|\\.\\./(${others})/)`);
    expect(imports(`clouds/${cloud}`).filter((line) => foreign.test(line))).toEqual([]);
  }
});

test("the library reads neither environment, clock nor network", () => {
  for (const folder of ["core", "mastodon", "clouds"]) {
    for (const file of readdirSync(join(LIB, folder), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".ts"),
    )) {
      // What an address means is no question to the network.
      const text = readFileSync(join(LIB, folder, file), "utf8").replace(
        /^import \{ (BlockList, )?isIP \} from "node:net";$/m,
        "",
      );
      expect({
        file,
        found: /process\.env|Date\.now|new Date|node:(http|https|net|child_process)|fetch\(/.exec(text)?.[0],
      }).toEqual({ file, found: undefined });
    }
  }
});

test("what the tiers of a site share stands in fields of the site, and in no registry aside", () => {
  const registries = readdirSync(join(LIB, "mastodon"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .filter((file) => /\bWeak(Map|Set|Ref)\b/.test(readFileSync(join(LIB, "mastodon", file), "utf8")));
  expect(registries).toEqual([]);
});

test("no file has 300 lines", () => {
  const long = readdirSync(LIB, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(ts|sh)$/.test(file))
    .filter((file) => readFileSync(join(LIB, file), "utf8").split("\n").length > 300);
  expect(long).toEqual([]);
});
