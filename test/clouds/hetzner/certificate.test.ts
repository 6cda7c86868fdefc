import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TerraformVariable, Testing } from "cdktf";
import { Monitoring } from "../../../lib";
import { uncertified } from "../../../lib/clouds/shared/certificate";
import { all, page, pool, problems, web } from "./page";

const directory = mkdtempSync(join(tmpdir(), "certificate-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A certificate for these names, as its owner has it. */
function certificate(names: readonly string[], subject = "/CN=social.example"): string {
  const out = join(directory, "own.pem");
  const alternative = names.length === 0 ? [] : ["-addext", `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", join(directory, "key.pem")];
  const { status, stderr } = spawnSync("openssl", ["req", "-x509", ...key, "-subj", subject, ...alternative, "-out", out], {
    encoding: "utf8",
  });
  expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
  return readFileSync(out, "utf8");
}

function heard(text: string): readonly string[] {
  const { site } = page({ certificate: { certificate: text, privateKey: "${var.key}" } });
  web(site);
  site.frontDoor.route("streaming.social.example", pool(site, "streaming"), { port: 80, path: "/x", status: 200 });
  return problems(site).filter((problem) => problem.includes("certificate"));
}

test.each([[["social.example", "streaming.social.example"]], [["social.example", "*.social.example"]]])(
  "%j covers every route",
  (names) => {
    expect(heard(certificate(names))).toEqual([]);
  },
);

test("the first of a chain is the own one", () => {
  const [own, authority] = [certificate(["social.example", "*.social.example"]), certificate(["ca.example"])];
  expect(heard(own + authority)).toEqual([]);
  expect(heard(authority + own)).toHaveLength(2);
});

test("a host name that it lacks is told, with those that it has", () => {
  expect(heard(certificate(["social.example", "www.social.example"]))).toEqual([
    "stack/Social/FrontDoor/Door: the certificate does not cover the host name streaming.social.example, only social.example, www.social.example / " +
      "have it issued for every host name of the front door, or for all of a domain, as in *.social.example beside social.example",
  ]);
});

test("the subject alone counts for no browser, and a wildcard covers one part of a name", () => {
  expect(uncertified(certificate([]), "social.example")!.wrong).toBe(
    "the certificate does not cover the host name social.example, only none",
  );
  const wildcard = certificate(["*.social.example"]);
  expect(uncertified(wildcard, "files.social.example")).toBeUndefined();
  expect(uncertified(wildcard, "a.files.social.example")!.wrong).toContain("does not cover the host name a.files.social.example");
  expect(uncertified(wildcard, "social.example")!.wrong).toContain("does not cover the host name social.example");
});

test("what is no certificate, or holds the key, is told once and not shown", () => {
  expect(heard("-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n")).toEqual([
    expect.stringMatching(/certificate\.certificate cannot be read as a certificate \/ give the text of a PEM file/),
  ]);
  certificate(["social.example"]);
  const key = readFileSync(join(directory, "key.pem"), "utf8");
  const [problem, ...more] = heard(certificate(["social.example"]) + key);
  expect(more).toEqual([]);
  expect(problem).toContain("certificate.certificate holds a private key / give the certificates alone");
  expect(problem).not.toContain(key.split("\n")[1]);
});

test("of one that Terraform alone knows the plan says that nothing was compared", () => {
  const { stack, site } = page();
  const variable = new TerraformVariable(stack, "certificate", { type: "string" });
  expect(uncertified(variable.stringValue, "social.example")).toBeUndefined();
  expect(site.problems.all()).not.toContain("certificate");
  const { site: other, stack: plan } = page({ certificate: { certificate: variable.stringValue, privateKey: "${var.key}" } });
  web(other);
  Testing.synth(plan, true);
  const said = other.node.findAll().flatMap((node) => node.node.metadata.map(({ data }) => String(data)));
  expect(
    said.filter((line) => line.startsWith("The certificate is known to Terraform only, so it is not checked here")),
  ).toHaveLength(1);
});

test("servers with IPv6 only cannot fetch images from where there is none, told once for each role", () => {
  const run = (image: string, addresses: "ipv6" | "ipv4" | "ipv4+ipv6") => {
    const { site } = page({ addresses: { web: addresses } });
    web(site).program.add({ kind: "image", names: [image] });
    return problems(site).filter((problem) => problem.includes("IPv6"));
  };
  expect(run("ghcr.io/mastodon/mastodon:v4.7.6", "ipv6")).toEqual([
    "stack/Social/web: it has IPv6 only, and ghcr.io, from where it fetches ghcr.io/mastodon/mastodon:v4.7.6, has none / " +
      'give addresses of the role web IPv4 too, as in { web: "ipv4+ipv6" }, or name images in a registry that has IPv6',
  ]);
  expect(run("quay.io/social/mastodon:v4.7.6", "ipv6")).toEqual([]);
  expect(run("ghcr.io/mastodon/mastodon:v4.7.6", "ipv4")).toEqual([]);
});

test("a monitoring machine with IPv6 only could not visit the front door, told once for both", () => {
  const run = (addresses: "ipv6" | "ipv4" | "ipv4+ipv6") => {
    const { site } = page({ addresses: { monitoring: addresses } });
    new Monitoring(site, "Monitoring", { machines: 2 });
    return problems(site).filter((problem) => problem.includes("IPv6"));
  };
  expect(run("ipv6")).toEqual([
    "stack/Social/Monitoring/1: it has IPv6 only, and visits the public host names by IPv4, so it would tell of a front door that is away / " +
      'give addresses of the role monitoring IPv4 too, as in { monitoring: "ipv4+ipv6" }',
  ]);
  expect(run("ipv4")).toEqual([]);
  expect(run("ipv4+ipv6")).toEqual([]);
});

test("a location that is none is refused with those that there are, and nothing follows from it", () => {
  const { site } = page({ location: "fsn9" as "fsn1" });
  web(site);
  expect(problems(site)).toEqual(['stack/Social: location of Hetzner is "fsn9" / use one of fsn1, nbg1, hel1, ash, hil, sin']);
});

test("names at Hetzner have at most 63 characters, however long the domain is", () => {
  const domain = `${"a".repeat(60)}.${"b".repeat(60)}.example`;
  const { stack, site } = page({}, { domain });
  site.frontDoor.route(domain, pool(site, "web"), { port: 80, path: "/health", status: 200 });
  const names = ["hcloud_load_balancer", "hcloud_server", "hcloud_placement_group", "hcloud_network"].flatMap((type) =>
    Object.values(all(stack, type)).map(({ name }) => String(name)),
  );
  expect(names.length).toBeGreaterThan(3);
  for (const name of names.filter((one) => !one.includes("${"))) expect(name).toMatch(/^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/);
});
