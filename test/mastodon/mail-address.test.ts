// Right and wrong ones as Ruby's `mail` 2.8 has them in its own tests (spec/mail/elements/address_spec.rb), and those that YAML would change.

import { Lazy } from "cdktf";
import { wrongSender } from "../../lib/mastodon/mail-address";

test.each([
  "hello@social.example",
  "Social <hello@social.example>",
  "Minero Aoki<aamine@loveruby.net>",
  "jrh%cup.portal.com@portal.unix.portal.com",
  "David Apfelbaum <da0g+@andrew.cmu.edu>",
  "david d `zoo' zuhn <zoo@aggregate.com>",
  "Joe Q. Public <john.q.public@example.com>",
  "Paul Manser (0032 memo) <a906187@tiuk.ti.com>",
  "rls@intgp8.ih.att.com (-Schieve,R.L.)",
  "groupname+domain.com@example.com",
  "jdoe@test   . example",
  "hoge..test@docomo.ne.jp",
  "hogetest.@docomo.ne.jp",
  "<hello@social.example>",
  "Örtliche Gemeinschaft <hello@social.example>",
  "a@b <hello@social.example>",
  "'Social' news <hello@social.example>",
  `${"a".repeat(64)}@social.example`,
  "hello@xn--bcher-kva.example",
  "hello@[192.0.2.1]",
])("%s is taken by every version", (address) => {
  // The last three of the gem's grammar are texts to YAML as well.
  expect(wrongSender("from", address, false)).toBeUndefined();
  if (!address.startsWith("'")) expect(wrongSender("from", address, true)).toBeUndefined();
});

test.each([
  '"Social, Inc." <hello@social.example>',
  '"spickett@tiac.net" <Sean.Pickett@zork.tiac.net>',
  '"Joe & J. Harvey" <ddd @Org>',
  "Social #1 <hello@social.example>",
  "'Social' news <hello@social.example>",
  "& Co <hello@social.example>",
])("%s is taken, but in 4.4.0 YAML makes something else of it", (address) => {
  expect(wrongSender("from", address, false)).toBeUndefined();
  expect(wrongSender("from", address, true)!.wrong).toBe(
    `from is "${address}", which Mastodon 4.4.0 reads as YAML, where it means something else`,
  );
});

test.each([
  "@@@@@@",
  "This ( is an invalid address!",
  "hello",
  "hello@",
  "@social.example",
  "Social <hello@social.example",
  "Social hello@social.example>",
  "Social hello@social.example",
  "Social <hello@social.example> more",
  "Social, Inc <hello@social.example>",
  "Social: news <hello@social.example>",
  "one@social.example, two@social.example",
  "hello@social.example.",
  "hello world@social.example",
  'a"b@social.example',
  "hello@social.example\nBcc: me@evil.example",
  "Social <>",
  "",
])("%j cannot be read, and Mastodon would not start", (address) => {
  for (const inYaml of [true, false]) {
    expect(wrongSender("from", address, inYaml)).toEqual({
      wrong: `from is "${address}", which Ruby's mail library cannot parse: Mastodon would not start`,
      value: address,
      remedy: "give one address, as in hello@social.example or Social <hello@social.example>",
    });
  }
});

test.each([
  ["notifications@localhost", "whose domain means the local machine", "give an address in a domain of your own"],
  ["Social <a@[127.0.0.1]>", "whose domain means the local machine", "give an address in a domain of your own"],
  ["hello@bücher.example", "whose domain is no host name", 'write "xn--bcher-kva.example"'],
  ["hello@under_score.example", "whose domain is no host name", "give one address"],
  ["hello@social..example", "whose domain is no host name", "give one address"],
  ["grüße@social.example", "with letters other than ASCII before the @", "use ASCII letters there"],
  [`${"a".repeat(65)}@social.example`, "with 65 characters before the @", "use at most 64"],
])("%s is read, and delivered by nobody", (address, why, remedy) => {
  const problem = wrongSender("replyTo", address, false)!;
  expect(problem.wrong).toBe(`replyTo is "${address}", ${why}`);
  expect(problem.remedy).toContain(remedy);
});

test("what Terraform computes passes", () => {
  expect(wrongSender("from", Lazy.stringValue({ produce: () => "hello@social.example" }), true)).toBeUndefined();
});
