import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { Site } from "../../../lib";
import { aws } from "../../../lib/clouds/aws";
import { CERTIFICATE, page, planOf, problems } from "./page";

test("Terraform is told which versions a page at AWS needs", () => {
  const { terraform, provider } = planOf(page().stack) as unknown as Readonly<Record<string, unknown>>;
  expect(terraform).toMatchObject({
    required_version: ">= 1.11",
    required_providers: { aws: { source: "aws", version: "~> 6.25" } },
  });
  expect(provider).toEqual({ aws: [{ region: "eu-central-1" }] });
});

test("two sites of one stack have one region: the second would be made in that of the first", () => {
  const { stack, site } = page();
  new Site(stack, "Other", {
    cloud: aws({ region: "eu-west-1", certificateArn: CERTIFICATE.replace("eu-central-1", "eu-west-1") }),
    domain: "other.example",
    network: "10.30.0.0/16",
    version: "4.7.6",
    queuesElsewhere: ["scheduler"],
  });
  expect(problems(site)).toEqual([
    "stack/Other: its region is eu-west-1, and the stack has a provider of AWS in eu-central-1 / " +
      "give the sites of one stack one region, or each region a stack of its own",
  ]);
});

test("a provider of the page's own with an alias is for what names it", () => {
  const { stack, site } = page();
  new AwsProvider(stack, "virginia", { region: "us-east-1", alias: "virginia" });
  new Site(stack, "Other", {
    cloud: aws({ region: "eu-central-1", certificateArn: CERTIFICATE }),
    domain: "other.example",
    network: "10.30.0.0/16",
    version: "4.7.6",
    queuesElsewhere: ["scheduler"],
  });
  expect(problems(site)).toEqual([]);
});
