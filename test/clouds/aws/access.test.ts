import { access } from "../../../lib/clouds/aws/access";
import { AwsSession } from "../../../lib/clouds/aws";
import { MEMBER } from "../../../lib/core/inventory";
import { all, data, page, planOf, pool, problems, web } from "./page";

const open = { access: { keyName: "admin" } };
const tags = (name: string) => ({ Name: `social-${name}`, "cdktf-mastodon:site": "social" });

test("by default port 22 is closed, no key is on a machine, and the inventory names no way in", () => {
  const { stack, site } = page();
  const made = web(site);
  const plan = planOf(stack);
  expect(plan.resource["aws_ec2_instance_connect_endpoint"]).toBeUndefined();
  expect(JSON.stringify(plan.resource)).not.toMatch(/key_name|"from_port":22\b/);
  expect(made.bootText()).not.toContain("dport 22 ");
  expect(made.described.login).toBeUndefined();
});

test("a way in is one endpoint of the VPC in a subnet of its own, whose members' firewalls accept its range alone", () => {
  const { stack, site } = page(open);
  const made = web(site);
  expect(all(stack, "aws_ec2_instance_connect_endpoint")).toEqual({
    Access: {
      subnet_id: "${aws_subnet.Social_Subnet-access.id}",
      security_group_ids: ["${aws_security_group.Social_Group-access.id}"],
      preserve_client_ip: false,
      tags: tags("access"),
    },
  });
  expect(all(stack, "aws_subnet")["Subnet-access"]).toEqual({
    vpc_id: "${aws_vpc.Social_Vpc.id}",
    availability_zone: "eu-central-1a",
    cidr_block: "10.20.8.0/28",
    tags: tags("access"),
  });
  expect(made.bootText().match(/ip saddr .* tcp dport 22 accept/g)).toEqual(["ip saddr { 10.20.8.0/28 } tcp dport 22 accept"]);
});

test("the endpoint reaches port 22 of every tier and nothing else, and nothing else reaches that port", () => {
  const { stack, site } = page(open);
  web(site);
  pool(site, "jobs");
  const group = (name: string) => `\${aws_security_group.Social_Group-${name}.id}`;
  const ssh = { ip_protocol: "tcp", from_port: 22, to_port: 22, description: "administrators" };
  const inbound = Object.entries(all(stack, "aws_vpc_security_group_ingress_rule"));
  expect(Object.fromEntries(inbound.filter(([, { from_port }]) => from_port === 22))).toEqual(
    Object.fromEntries(
      ["pool-jobs", "pool-web"].map((tier) => [
        `Inbound-${tier}-tcp-22-access`,
        { ...ssh, security_group_id: group(tier), referenced_security_group_id: group("access"), tags: tags(tier) },
      ]),
    ),
  );
  expect(inbound.filter(([name]) => name.startsWith("Inbound-access"))).toEqual([]);
  const outbound = Object.entries(all(stack, "aws_vpc_security_group_egress_rule"));
  expect(Object.fromEntries(outbound.filter(([name]) => name.startsWith("Outbound-access")))).toEqual(
    Object.fromEntries(
      ["pool-jobs", "pool-web"].map((tier) => [
        `Outbound-access-tcp-22-${tier}`,
        { ...ssh, security_group_id: group("access"), referenced_security_group_id: group(tier), tags: tags("access") },
      ]),
    ),
  );
});

test("the plan asks for the key pair, and one without a name is refused", () => {
  const { stack, site } = page(open);
  web(site);
  expect(data(stack, "aws_key_pair")).toEqual({ KeyPair: { key_name: "admin" } });
  const { site: other } = page({ access: { keyName: "" } });
  web(other);
  expect(problems(other)).toEqual([
    'stack/Social: access.keyName of AWS is "" / give the name of an EC2 key pair of the region, or leave access out',
  ]);
});

test("the inventory tells the command that logs in as root by the endpoint, to which another can be appended", () => {
  const { site } = page(open);
  const made = web(site);
  const command = (instance: string) =>
    `ssh -t -o ProxyCommand="aws ec2-instance-connect open-tunnel --region eu-central-1 --instance-id %h" admin@${instance} sudo -i`;
  expect(access((site.session as AwsSession).network).login!("i-0a")).toBe(command("i-0a"));
  expect(made.described.login).toBe(command(MEMBER));
});
