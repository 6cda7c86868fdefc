// A domain from which Amazon SES sends mail.

import { App, TerraformStack, Testing } from "cdktf";
import { route53, SesDomain, SesDomainProps } from "../../../lib/clouds/aws";
import { Dns } from "../../../lib/core/dns";
import { schemaCheck } from "../../../lib/testing";
import { pageProblems } from "../../page-problems";
import { bootTexts, planOf as examplePlan } from "../../examples/plan";
import { planOf } from "../hetzner/page";
import { schema } from "./media";

const ZONE = route53({ zone: "social.example" });
const TOKEN = (n: number) => `\${element(aws_sesv2_email_identity.Mail_Identity.dkim_signing_attributes[0].tokens, ${n})}`;

function ses(props: Partial<SesDomainProps> = {}) {
  const stack = new TerraformStack(new App(), "mail");
  const made = new SesDomain(stack, "Mail", { domain: "social.example", region: "eu-central-1", dns: ZONE, ...props });
  return { stack, made, resource: (type: string) => planOf(stack).resource[type] ?? {}, text: () => Testing.synth(stack) };
}

/** The records of a plan, in the form `TYPE NAME VALUE`. */
function records(stack: TerraformStack): readonly string[] {
  const all = Object.values(planOf(stack).resource["aws_route53_record"] ?? {});
  return all.map(({ type, name, records }) => `${String(type)} ${String(name)} ${(records as string[]).join(" | ")}`).sort();
}

test("the identity has keys of 2048 bits that SES keeps, and a return path of its own", () => {
  const { resource, made, text } = ses();
  const [identity] = Object.values(resource("aws_sesv2_email_identity"));
  expect(identity).toMatchObject({
    email_identity: "social.example",
    region: "eu-central-1",
    dkim_signing_attributes: { next_signing_key_length: "RSA_2048_BIT" },
    tags: { Name: "social.example" },
  });
  const [mailFrom] = Object.values(resource("aws_sesv2_email_identity_mail_from_attributes"));
  expect(mailFrom).toMatchObject({
    email_identity: "${aws_sesv2_email_identity.Mail_Identity.email_identity}",
    region: "eu-central-1",
    mail_from_domain: "bounces.social.example",
    behavior_on_mx_failure: "USE_DEFAULT_VALUE",
  });
  expect(made.server).toBe("email-smtp.eu-central-1.amazonaws.com");
  expect(schemaCheck(text(), schema)).toEqual([]);
});

test("its records are DKIM's three, the return path's two, and DMARC", () => {
  expect(records(ses().stack)).toEqual([
    ...[0, 1, 2].map((n) => `CNAME ${TOKEN(n)}._domainkey.social.example ${TOKEN(n)}.dkim.amazonses.com.`),
    "MX bounces.social.example 10 feedback-smtp.eu-central-1.amazonses.com.",
    "TXT _dmarc.social.example v=DMARC1; p=none;",
    "TXT bounces.social.example v=spf1 include:amazonses.com ~all",
  ]);
});

test("a stricter DMARC, another return path, and a region whose keys have a domain of their own", () => {
  const found = records(ses({ dmarc: "quarantine", mailFrom: "post.social.example", region: "eu-south-1" }).stack);
  expect(found).toContain("TXT _dmarc.social.example v=DMARC1; p=quarantine;");
  expect(found).toContain("MX post.social.example 10 feedback-smtp.eu-south-1.amazonses.com.");
  expect(found).toContain(`CNAME ${TOKEN(2)}._domainkey.social.example ${TOKEN(2)}.dkim.eu-south-1.amazonses.com.`);
  expect(records(ses({ dmarc: false }).stack).join("\n")).not.toContain("_dmarc");
});

test("any DNS takes them", () => {
  const seen: string[] = [];
  const dns: Dns = { record: (_scope, id, { type }) => seen.push(`${id} ${type}`) };
  ses({ dns });
  expect(seen).toEqual(["Dkim1 CNAME", "Dkim2 CNAME", "Dkim3 CNAME", "MailFromMx MX", "MailFromSpf TXT", "Dmarc TXT"]);
});

test("without a DNS an output says which to make", () => {
  const stack = new TerraformStack(new App(), "mail");
  new SesDomain(stack, "Mail", { domain: "social.example", region: "eu-central-1" });
  const { value } = planOf(stack).output["mail_dns_records"]!;
  expect(value).toEqual([
    ...[0, 1, 2].map((n) => ({
      name: `${TOKEN(n)}._domainkey.social.example`,
      type: "CNAME",
      value: `${TOKEN(n)}.dkim.amazonses.com`,
    })),
    { name: "bounces.social.example", type: "MX", value: "10 feedback-smtp.eu-central-1.amazonses.com" },
    { name: "bounces.social.example", type: "TXT", value: "v=spf1 include:amazonses.com ~all" },
    { name: "_dmarc.social.example", type: "TXT", value: "v=DMARC1; p=none;" },
  ]);
  expect(planOf(stack).resource).not.toHaveProperty("aws_route53_record");
});

test("no secret of it is in a plan", () => {
  expect(ses().text()).not.toMatch(/private_key|aws_iam_access_key|password/);
});

test.each<[string, Partial<SesDomainProps>, string]>([
  ["a domain", { domain: "hello@social.example" }, 'domain is "hello@social.example"'],
  ["a region", { region: "Frankfurt" }, 'region of SES is "Frankfurt"'],
  [
    "a return path elsewhere",
    { mailFrom: "bounces.other.example" },
    "give a subdomain of social.example, such as bounces.social.example",
  ],
  ["the domain as its own return path", { mailFrom: "social.example" }, 'mailFrom is "social.example"'],
  ["a policy", { dmarc: "strict" as "none" }, 'dmarc is "strict" / use none, quarantine, reject, or false for no record'],
])("a page is told of %s", (_, wrong, message) => {
  const { stack } = ses(wrong);
  expect(pageProblems(() => Testing.synth(stack, true)).join("\n")).toContain(message);
});

test("examples/aws-ses hands its mail to SES on 587 with STARTTLS, and files to the bucket by the role of its machines", () => {
  const plans = ["mail", "media", "social"].map((stack) => examplePlan("aws-ses", stack));
  for (const plan of plans) expect(schemaCheck(plan, schema)).toEqual([]);
  const texts = Object.values(bootTexts(plans[2]!)).join("\n");
  const told = (name: string) => [
    ...new Set([...texts.matchAll(new RegExp(`\\b${name}=(.*?)(?=\\\\n|\\n|$)`, "g"))].map(([, value]) => value)),
  ];
  expect(told("SMTP_SERVER")).toEqual(["email-smtp.eu-central-1.amazonaws.com"]);
  expect(told("SMTP_PORT")).toEqual(["587"]);
  expect(told("SMTP_ENABLE_STARTTLS")).toEqual(["always"]);
  expect(told("S3_PERMISSION")).toEqual([""]);
  expect(told("S3_ALIAS_HOST")).toEqual(["files.social.example"]);
  expect(told("AWS_ACCESS_KEY_ID")).toEqual([]);
});
