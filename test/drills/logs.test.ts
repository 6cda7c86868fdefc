import { leaks } from "../../drills/logs";

const secrets = {
  redis_password: "Gq7pLm3xZtY2",
  vapid_private_key: "-----BEGIN KEY-----\nMHcCAQEEIOabcdef\n-----END KEY-----",
  short: "abc",
};
const found = (...lines: readonly string[]) => leaks("web-1", lines.join("\n"), secrets);

test("a line with a secret is told with the secret's name, and never with the secret", () => {
  expect(found("journal\tREDIS_PASSWORD=Gq7pLm3xZtY2 given", "/var/log/x.log\tMHcCAQEEIOabcdef")).toEqual([
    { machine: "web-1", log: "journal", line: "REDIS_PASSWORD=<redis_password> given" },
    { machine: "web-1", log: "/var/log/x.log", line: "<vapid_private_key>" },
  ]);
});

test("a token is told, whichever way it is written; what Mastodon has replaced is none", () => {
  expect(
    found(
      'journal\t"GET /api/v1/streaming?access_token=aB3_-defghij&stream=user HTTP/1.1"',
      'journal\t{"query":{"access_token":"aB3_-defghij"}}',
      "journal\tAuthorization: Bearer aB3_-defghij",
      "journal\tGET /api/v1/streaming?access_token=[Redacted]",
      "journal\tThe access_token is invalid",
    ).map(({ line }) => line),
  ).toEqual([
    '"GET /api/v1/streaming?access_token=<token>&stream=user HTTP/1.1"',
    '{"query":{"access_token":"<token>"}}',
    "Authorization: Bearer <token>",
  ]);
});

test("short values and headings of keys are innocent, and of a log that is full of secrets five lines are enough", () => {
  expect(found("journal\tabc", "journal\t-----BEGIN KEY-----", "", "no tab")).toEqual([]);
  expect(found(...Array.from({ length: 9 }, () => "journal\tGq7pLm3xZtY2"))).toHaveLength(5);
});
