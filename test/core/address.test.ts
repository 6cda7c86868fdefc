import { Lazy } from "cdktf";
import { isDomain, isThisMachine, wrongDomain, wrongHost, wrongUrl } from "../../lib/core/address";

test.each([
  "localhost",
  "LOCALHOST",
  "localhost.",
  "db.localhost",
  "localhost.localdomain",
  "ip6-localhost",
  "host.containers.internal",
  "host.docker.internal",
  "127.0.0.1",
  "127.0.1.1",
  "127.255.255.254",
  "127.1",
  "0x7f000001",
  "2130706433",
  "0.0.0.0",
  "0",
  "::1",
  "[::1]",
  "0:0:0:0:0:0:0:1",
  "::",
  "[::]",
  "::ffff:127.0.0.1",
  "[::ffff:127.0.0.1]",
  "::ffff:7f00:1",
  "::ffff:0.0.0.0",
])("%s is whichever machine asks", (host) => expect(isThisMachine(host)).toBe(true));

test.each([
  "localhost.example",
  "my-localhost",
  "128.0.0.1",
  "10.127.0.1",
  "::2",
  "2001:db8::1",
  "::ffff:10.0.0.1",
  "social.example",
])("%s is somebody else", (host) => expect(isThisMachine(host)).toBe(false));

test.each([
  ["localhost:9200", { port: true }],
  ["127.0.0.1:9200", { port: true }],
  ["[::1]:9200", { port: true }],
  ["localhost:9200", {}],
  ["localhost/media", { path: true }],
  ["::1", {}],
])("of a host, %s is every machine itself", (host, form) => {
  expect(wrongHost("host", host, form)).toEqual({
    wrong: `host is "${host}", which means the machine itself, where nothing listens`,
    value: host,
    remedy: "give the name by which the machines of the site reach it",
  });
});

test.each([
  "http://localhost:3128",
  "https://user:secret@127.0.0.1/x",
  "http://[::1]:4318/v1",
  "http://0.0.0.0",
  "http://127.1:80/",
])("of an address, %s is every machine itself", (url) => {
  const { wrong } = wrongUrl("endpoint", url, { schemes: ["http", "https"], such: "https://store.example" })!;
  expect(wrong).toMatch(/^endpoint is ".*", which means the machine itself, where nothing listens$/);
  expect(wrong).not.toContain("secret");
});

const label = "a".repeat(63);
const longest = [label, label, label, "b".repeat(61)].join(".");

test.each([
  "redis",
  "smtp.example",
  "10.1.0.5",
  "192.0.2.1",
  "xn--bcher-kva.example",
  "s3-1.store.example",
  "2nd.example",
  label,
  longest,
])("%s is a host", (host) => expect(wrongHost("host", host)).toBeUndefined());

test.each([
  [
    "https://smtp.example",
    'give a host name in lower case or an IPv4 address, without scheme, port or path: write "smtp.example"',
  ],
  ["smtp.example:25", 'without scheme, port or path: write "smtp.example"'],
  ["smtp.example/inbox", 'without scheme, port or path: write "smtp.example"'],
  ["Smtp.Example", 'write "smtp.example"'],
  ["bücher.example", 'write "xn--bcher-kva.example"'],
  ["a b", "give a host name"],
  ["", "give a host name"],
  ["-a.example", "give a host name"],
  ["a..example", "give a host name"],
  ["under_score.example", "give a host name"],
  ["1.2.3", "give a host name"],
  ["1.2.3.256", "give a host name"],
  ["2001:db8::1", "give a host name"],
  [`${label}a.example`, `"${label}a" has 64 characters, and each part may have 63`],
  [`${longest}c`, "it has 254 characters, and may have 253"],
])("%j is no host", (host, remedy) => {
  const problem = wrongHost("host", host)!;
  expect(problem.wrong).toBe(`host is "${host}"`);
  expect(problem.remedy).toContain(remedy);
});

test("a port or a path is taken where it may stand", () => {
  expect(wrongHost("host", "store.example:9000", { port: true })).toBeUndefined();
  expect(wrongHost("host", "store.example/media", { port: true, path: true })).toBeUndefined();
  expect(wrongHost("host", "store.example/media", { port: true })!.remedy).toContain("without scheme or path");
  expect(wrongHost("host", "store.example:99999", { port: true })!.wrong).toBe('host is "store.example:99999"');
  expect(wrongHost("host", "https://store.example", { port: true, path: true })!.remedy).toContain("without scheme: write");
});

test("what Terraform computes passes", () => {
  const token = Lazy.stringValue({ produce: () => "10.0.0.7" });
  expect(wrongHost("host", token)).toBeUndefined();
  expect(wrongUrl("url", token, { schemes: ["https"], such: "" })).toBeUndefined();
});

const WEB = { schemes: ["http", "https"], such: "https://store.example" };

test.each([
  "http://a.example",
  "https://a.example:8443/x/y?z=1",
  "http://10.0.0.1:4318",
  "http://[2001:db8::1]:3128",
  "https://u:p@a.example",
])("%s is an address", (url) => expect(wrongUrl("endpoint", url, WEB)).toBeUndefined());

test.each([
  ["a.example", "give an address that begins with http:// or https://, such as https://store.example"],
  ["ftp://a.example", "begins with http:// or https://"],
  ["http://", "begins with http:// or https://"],
  ["http://a b", "begins with http:// or https://"],
  ["http://a_b.example", "begins with http:// or https://"],
  ["https://Bücher.example/x", 'write "xn--bcher-kva.example"'],
])("%s is no address", (url, remedy) => expect(wrongUrl("endpoint", url, WEB)!.remedy).toContain(remedy));

test("an origin has nothing behind host and port", () => {
  const form = { ...WEB, origin: true };
  for (const url of ["https://a.example", "https://a.example:8443"]) expect(wrongUrl("assets", url, form)).toBeUndefined();
  // Whoever takes it apart would find more than host and port.
  for (const path of ["/", "/x", "?x", "?", "#x", "#"])
    expect(wrongUrl("assets", `https://a.example${path}`, form)!.remedy).toContain("with nothing behind host and port");
  expect(wrongUrl("url", "https://u@a.example", form)).toBeDefined();
  expect(wrongUrl("http", "http://u:p@proxy.example:3128/", { ...form, login: true })).toBeUndefined();
});

test("a password in an address is never shown", () => {
  expect(wrongUrl("http", "ftp://me:hunter2@proxy.example", WEB)!.wrong).toBe('http is "ftp://…@proxy.example"');
  for (const password of ["hunter/2", "hun@ter2", "h#2", "h?2"])
    expect(wrongUrl("http", `ftp://me:${password}@proxy.example`, WEB)!.wrong).toBe('http is "ftp://…@proxy.example"');
});

test.each([
  "social.example",
  "xn--bcher-kva.example",
  "a.b.c.example",
  "social.xn--p1ai",
  `${label}.example`,
  "abcdef.onion",
  "8.example",
])("%s is a domain", (host) => expect(isDomain(host)).toBe(true));

test.each([
  [
    "https://Social.example/",
    'give a lower-case host name such as social.example, without scheme or path: write "social.example"',
  ],
  ["bücher.example", 'without scheme or path: write "xn--bcher-kva.example"'],
  ["москва.рф", 'write "xn--80adxhks.xn--p1ai"'],
  ["social", "give a lower-case host name"],
  ["10.0.0.1", "give a lower-case host name"],
  ["localhost", "give a lower-case host name"],
  ["social.example.", "give a lower-case host name"],
  [`${label}a.example`, "has 64 characters, and each part may have 63"],
])("%s is no domain", (host, remedy) => {
  const problem = wrongDomain("domain", host)!;
  expect(problem.wrong).toBe(`domain is "${host}"`);
  expect(problem.remedy).toContain(remedy);
});
