import { App, TerraformOutput, TerraformResource, TerraformStack, Testing } from "cdktf";
import { Construct } from "constructs";
import { Disk, Mastodon, Secret, Size } from "../../lib";
import { local } from "../../lib/clouds/local";
import { Machine } from "../../lib/core/machine";
import { ONE_LINE, SecretRule, wrongWith } from "../../lib/core/secret-rule";
import { UNQUOTED_YAML } from "../../lib/mastodon/secret-readers";
import { Site } from "../../lib/mastodon/site";
import { makeSecrets, PASSWORD_OF_EXTERNAL, SECRET_NAMES } from "../../lib/mastodon/secrets";
import { FakeCloud } from "../../lib/testing";
import { Terraform } from "../terraform";

const EVERY_SIGN = Array.from({ length: 95 }, (_, n) => String.fromCharCode(32 + n)).join("");
const OWN: SecretRule = { reader: "it", pattern: "^[0-9A-Za-z]{16,64}$" };
const YAML: SecretRule = { reader: "SMTP_PASSWORD", ...UNQUOTED_YAML };
const KEY: SecretRule = { reader: "it", pattern: "^[!-~]{1,40}$" };
const VAPID: SecretRule = { reader: "it", pattern: "^[0-9A-Za-z_-]{42,43}={0,2}$" };
const PIECES = "Zx9q7w2-Tr0ub4Qq";

/** Values that are refused, and what is said of each. */
const REFUSED: readonly (readonly [SecretRule, string, string])[] = [
  [OWN, `${PIECES}+/=`, "holds a hyphen, a plus sign, a slash, an equals sign; it takes 16 to 64 letters and digits"],
  [OWN, "Zx9q7w2", "is shorter than 16 characters; it takes 16 to 64 letters and digits"],
  [
    OWN,
    "Zx9q7w2 ü\n",
    "is shorter than 16 characters and holds a space, a character that is not printable ASCII, a line break; it takes 16 to 64 letters and digits",
  ],
  [
    KEY,
    `Zx9q7w2\n${PIECES}\r\n\t`,
    "holds a line break, a carriage return, a tab; it takes 1 to 40 printable characters of ASCII but a space",
  ],
  [KEY, "Zx9q7w2".repeat(6), "is longer than 40 characters; it takes 1 to 40 printable characters of ASCII but a space"],
  [
    PASSWORD_OF_EXTERNAL,
    'Zx9"q7w\\2 %41',
    "holds a double quote, a backslash, a space, a percent sign; an external server takes 1 to 128 printable characters of ASCII but a space, a double quote, a percent sign, a backslash",
  ],
  [YAML, "12345678901234567890", `does not have the form that it must have; SMTP_PASSWORD takes ${UNQUOTED_YAML.allowed}`],
  [YAML, "]]Zx9q7w2-[[", `does not have the form that it must have; SMTP_PASSWORD takes ${UNQUOTED_YAML.allowed}`],
  [VAPID, "Zx9q7w2+Zx9q7w2", "does not have the form that it must have; it takes what matches ^[0-9A-Za-z_-]{42,43}={0,2}$"],
  [ONE_LINE, "Zx9q7w2\nkK4jJ5", `holds a line break; a file of settings takes ${ONE_LINE.allowed}`],
  [ONE_LINE, "Zx9q7w2\u2028", `holds a character that is not printable ASCII; a file of settings takes ${ONE_LINE.allowed}`],
];

/** Values that pass, among them what generators and issuers emit. */
const TAKEN: readonly (readonly [SecretRule, string])[] = [
  [OWN, "0123456789abcdefABCDEF"],
  [KEY, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
  [KEY, EVERY_SIGN.slice(1, 41)],
  [KEY, EVERY_SIGN.slice(41, 81)],
  [KEY, EVERY_SIGN.slice(81)],
  [KEY, "${var.x}%{if}$${a}"],
  [PASSWORD_OF_EXTERNAL, EVERY_SIGN.replace(/[ "%\\]/g, "")],
  [YAML, "BCdEfGhIjKlMnOpQrStUvWxYz0123456789+/abcdEf="],
  [YAML, "279a2e9d-83b3-c416-7e2d-f721593e42a0:fx"],
  [VAPID, `${"A".repeat(43)}=`],
  [ONE_LINE, `ä${EVERY_SIGN}€`],
];

describe("what is said of a value", () => {
  test.each(REFUSED)("%j %j", (rule, value, said) => expect(wrongWith(value, rule)).toBe(said));
  test.each(TAKEN)("nothing of %j %j", (rule, value) => expect(wrongWith(value, rule)).toBeUndefined());
});

/** A stack whose text holds a secret for each rule. */
function stackOf(rules: readonly SecretRule[]): string {
  const stack = new TerraformStack(new App(), "stack");
  rules.forEach(
    (rule, n) =>
      void String(new Secret(stack, `probe_${n}`, { length: 200, pattern: "^[\\s\\S]*$", description: "" }).readBy(rule)),
  );
  return Testing.synth(stack, true);
}

/** Pieces of so many characters that show. */
function shown(values: readonly string[], said: string, length = 4): readonly string[] {
  const pieces = values.flatMap((value) =>
    Array.from({ length: Math.max(0, value.length - length + 1) }, (_, at) => value.slice(at, at + length)),
  );
  return pieces.filter((piece) => said.includes(piece));
}

test("Terraform says the same before anything is made, and shows nothing of the values", () => {
  const refused = REFUSED.filter(([, value]) => !value.includes("\u2028"));
  const terraform = new Terraform(stackOf(refused.map(([rule]) => rule)));
  try {
    const values = Object.fromEntries(refused.map(([, value], n) => [`probe_${n}`, value]));
    for (const { status, said, lines } of [terraform.plan(values), terraform.apply(values)]) {
      expect(status).toBe(1);
      refused.forEach(([, , words], n) => expect(said).toContain(`- probe_${n} ${words} `));
      // The plan's own text, which Terraform quotes, may have the same digits.
      expect(shown(Object.values(values), lines.replace(/^ +\d+: .*$/gm, ""))).toEqual([]);
      expect(lines).not.toContain("Zx9q7w2");
    }
    expect(terraform.run("show").lines).not.toContain("terraform_data");
  } finally {
    terraform.remove();
  }
});

test("a value that is no text is refused without being shown", () => {
  const terraform = new Terraform(stackOf([OWN, OWN, OWN]));
  try {
    const { status, said, lines } = terraform.plan({ probe_0: { Zx9q7w2: "Zx9q7w2" }, probe_1: ["Zx9q7w2"], probe_2: null });
    expect({ status, required: said.match(/is not suitable for var\.probe_\d, which is sensitive: string required/g) }).toEqual({
      status: 1,
      required: [
        "is not suitable for var.probe_0, which is sensitive: string required",
        "is not suitable for var.probe_1, which is sensitive: string required",
      ],
    });
    expect(lines).not.toContain("Zx9q7w2");
  } finally {
    terraform.remove();
  }
});

test("values that are right pass, and reach a text as they are", () => {
  const stack = new TerraformStack(new App(), "stack");
  const secrets = TAKEN.map(
    ([{ pattern }, value], n) => new Secret(stack, `probe_${n}`, { length: value.length, pattern, description: "" }),
  );
  new TerraformOutput(stack, "read", { value: secrets.map((secret) => `A=${secret}\n`), sensitive: true });
  const terraform = new Terraform(Testing.synth(stack, true));
  try {
    const values = Object.fromEntries(TAKEN.map(([, value], n) => [`probe_${n}`, value]));
    expect(terraform.apply(values).status).toBe(0);
    expect(JSON.parse(terraform.run("output", "-json", "read").lines)).toEqual(TAKEN.map(([, value]) => `A=${value}\n`));
  } finally {
    terraform.remove();
  }
});

describe("a site on the local cloud", () => {
  const page = () => {
    const stack = new TerraformStack(new App(), "stack");
    new Mastodon(stack, "Social", { cloud: local(), domain: "social.example" });
    return Testing.synth(stack, true);
  };
  const terraform = new Terraform(page());
  afterAll(() => terraform.remove());

  test("names all secrets that are missing, once, instead of asking for one after the other", () => {
    const { status, said } = terraform.plan({ redis_password: "0123456789abcdefABCDEF" });
    expect(status).toBe(1);
    expect(said.match(/Error: /g)).toHaveLength(1);
    const [, names] =
      /These secrets have no value: ([^.]*)\. Name the file that holds them, as in --var-file="\$PWD/.exec(said) ?? [];
    expect(names?.split(", ").sort()).toEqual(SECRET_NAMES.filter((name) => name !== "redis_password").sort());
  });

  test("is not made in part either", () => {
    const one = Object.keys(JSON.parse(page()).resource.terraform_data).find((name) => /Database.*_Machine_/.test(name));
    const { status, said } = terraform.plan({}, `-target=terraform_data.${one}`);
    expect({ one, status, told: said.includes("These secrets have no value: ") }).toEqual({ one, status: 1, told: true });
    expect(one).toBeDefined();
  });

  test("takes a whole file of secrets without a warning, and hides it in the plan", () => {
    const values = makeSecrets();
    const { status, said } = terraform.plan(values, "-out=plan");
    expect({ status, warnings: said.match(/Warning/g) }).toEqual({ status: 0, warnings: null });
    // Hashes stand there as well, which have their letters in common.
    expect(shown(Object.values(values), said, 8)).toEqual([]);
    const { variables, ...rest } = JSON.parse(terraform.run("show", "-json", "plan").lines);
    for (const name of SECRET_NAMES) expect(variables[name]).toEqual({ value: values[name] });
    for (const value of Object.values(values)) expect(JSON.stringify(rest)).not.toContain(value);
  });
});

test("a secret that only a text made at synth holds is checked as well", () => {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: local(), domain: "social.example", version: "4.7.6" });
  const range = site.range(site, "postgres", "probe");
  const size = Size.of({ cpus: 1, gib: 1 });
  const machine = new Machine(site, "Probe", {
    name: "probe-1",
    role: "postgres",
    range,
    number: 1,
    size,
    disks: { data: Disk.gib(1) },
  });
  const secrets = ["probe_password", "nobodys_password"].map(
    (name) => new Secret(site, name, { length: 32, pattern: "^[a-z]{8,32}$", description: "" }),
  );
  machine.program.add({ kind: "file", path: "/etc/probe", content: () => `password=${String(secrets[0])}\n`, mode: "0600" });
  const plan = Testing.synth(stack, true);
  expect(secrets.map(({ name, wanted }) => [name, wanted])).toEqual([
    ["probe_password", true],
    ["nobodys_password", false],
  ]);
  const terraform = new Terraform(plan);
  try {
    expect(terraform.plan({}).said).toContain("These secrets have no value: probe_password. ");
    expect(terraform.plan({ probe_password: "Zx9q7w2" }).said).toContain("- probe_password ");
    expect(terraform.plan({ probe_password: "abcdefgh" }).status).toBe(0);
  } finally {
    terraform.remove();
  }
});

// A resource with an attribute of any size, without cdktf's class, which asks for Terraform's version.
class Plain extends TerraformResource {
  constructor(
    scope: Construct,
    id: string,
    private readonly input: unknown,
  ) {
    super(scope, id, { terraformResourceType: "terraform_data", terraformGeneratorMetadata: { providerName: "terraform" } });
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return { input: this.input };
  }
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Where a text stands in a plan, other than in what the plan itself marks as sensitive. */
function openPlaces(text: string, value: Json, sensitive: Json | undefined, at: string): readonly string[] {
  if (sensitive === true) return [];
  if (typeof value === "string") return value.includes(text) ? [at] : [];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const marked = (value as { readonly [key: string]: Json })[MARKS[key] ?? ""];
    const below = (sensitive as { readonly [key: string]: Json } | undefined)?.[key];
    return openPlaces(text, inner, marked ?? below, `${at}/${key}`);
  });
}
const MARKS: Readonly<Record<string, string>> = {
  after: "after_sensitive",
  before: "before_sensitive",
  values: "sensitive_values",
};

describe("a site whose cloud takes boot texts as an attribute", () => {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud();
  new Mastodon(stack, "Social", { cloud, domain: "social.example" });
  const texts = [...cloud.machines, ...cloud.pools].map(({ name, bootText }) => [name, bootText()] as const);
  new Plain(stack, "UserData", Object.fromEntries(texts));
  const terraform = new Terraform(Testing.synth(stack, true));
  const values = makeSecrets();
  afterAll(() => terraform.remove());

  test("has secrets in its plan under variables and in what is marked as sensitive, and nowhere else", () => {
    expect(terraform.plan(values, "-out=plan").status).toBe(0);
    const plan = JSON.parse(terraform.run("show", "-json", "plan").lines) as Record<string, Json>;
    for (const name of SECRET_NAMES) {
      const places = openPlaces(values[name], plan, undefined, "");
      expect({ name, places }).toEqual({ name, places: [`/variables/${name}/value`] });
    }
    expect(JSON.stringify(plan["resource_changes"])).toContain(values.secret_key_base);
  });

  test("is destroyed without the file of secrets, and asks for nothing", () => {
    expect(terraform.apply(values).status).toBe(0);
    const { status, said } = terraform.run("destroy", "-auto-approve");
    expect({ status, said: /Destroy complete! Resources: \d+ destroyed/.test(said) }).toEqual({ status: 0, said: true });
    expect(said).not.toMatch(/Warning|precondition/);
  });
});
