import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Pool, Site } from "../../../lib";
import { all, machine, page, planOf, pool, size, web } from "./page";

const TAGS = { Name: "social-web", "cdktf-mastodon:site": "social", "cdktf-mastodon:pool": "web" };
const NAME = "social-web-${local.Social_web_PoolGeneration}";
const TARGETS = "aws_lb_target_group.Social_FrontDoor_Targets-social-example.arn";

test("a generation is one scaling group in all zones, whose members complete its hooks themselves", () => {
  const { stack, site } = page();
  web(site, 3);
  expect(all(stack, "aws_autoscaling_group")).toEqual({
    web_Pool: {
      name: NAME,
      min_size: 3,
      max_size: 3,
      desired_capacity: 3,
      vpc_zone_identifier: Object.keys(all(stack, "aws_subnet"))
        .filter((id) => id.startsWith("Subnet-"))
        .map((id) => `\${aws_subnet.Social_${id}.id}`),
      launch_template: {
        id: "${aws_launch_template.Social_web_PoolTemplate.id}",
        version: "${aws_launch_template.Social_web_PoolTemplate.latest_version}",
      },
      target_group_arns: [`\${${TARGETS}}`],
      health_check_type: "EC2",
      health_check_grace_period: 0,
      initial_lifecycle_hook: [
        {
          name: "launch",
          lifecycle_transition: "autoscaling:EC2_INSTANCE_LAUNCHING",
          default_result: "ABANDON",
          heartbeat_timeout: 1800,
        },
        {
          name: "terminate",
          lifecycle_transition: "autoscaling:EC2_INSTANCE_TERMINATING",
          default_result: "CONTINUE",
          heartbeat_timeout: 300,
        },
      ],
      wait_for_capacity_timeout: "0",
      capacity_rebalance: false,
      instance_maintenance_policy: { min_healthy_percentage: 100, max_healthy_percentage: 200 },
      tag: Object.entries({ ...TAGS, "cdktf-mastodon:group": NAME }).map(([key, value]) => ({
        key,
        value,
        propagate_at_launch: true,
      })),
      timeouts: { delete: "46m" },
      lifecycle: {
        create_before_destroy: true,
        ignore_changes: ["initial_lifecycle_hook"],
        replace_triggered_by: ["terraform_data.Social_web_PoolRenewal"],
      },
      // Its ways out, what its role allows, and the secrets that it reads.
      depends_on: [
        "terraform_data.Social_NetworkReady",
        "aws_iam_role_policy.Social_Rights-pool-web",
        "aws_ssm_parameter.Social_Secrets-web",
      ],
    },
  });
});

test("members start from a template with an encrypted disk and metadata for the host alone", () => {
  const { stack, site } = page();
  pool(site, "web");
  expect(all(stack, "aws_launch_template")["web_PoolTemplate"]).toEqual({
    name: NAME,
    image_id: expect.anything(),
    instance_type: "t3.medium",
    credit_specification: { cpu_credits: "unlimited" },
    iam_instance_profile: { name: expect.anything() },
    vpc_security_group_ids: [expect.anything()],
    metadata_options: {
      http_endpoint: "enabled",
      http_tokens: "required",
      http_put_response_hop_limit: 1,
      http_protocol_ipv6: "disabled",
      instance_metadata_tags: "enabled",
    },
    block_device_mappings: [
      {
        device_name: expect.anything(),
        ebs: { volume_size: 30, volume_type: "gp3", encrypted: "true", delete_on_termination: "true" },
      },
    ],
    tag_specifications: [
      { resource_type: "volume", tags: TAGS },
      { resource_type: "network-interface", tags: TAGS },
    ],
    tags: TAGS,
    user_data: "${base64gzip(local.Social_web_PoolUserData)}",
    lifecycle: {
      create_before_destroy: true,
      ignore_changes: ["user_data"],
      replace_triggered_by: ["terraform_data.Social_web_PoolRenewal"],
    },
  });
});

test("every attempt has names of its own, also one with an earlier text", () => {
  const { stack, site } = page();
  pool(site, "web");
  expect(planOf(stack).locals["Social_web_PoolGeneration"]).toBe("${substr(terraform_data.Social_web_PoolRenewal.id, 0, 6)}");
});

// A template that changed in place would leave old members among new ones, and tell nobody.
test("all that a member is made of makes a new generation: its boot text by its hash, its template as it is", () => {
  const { stack, site } = page({ spotSidekiq: true });
  pool(site, "jobs");
  const { name: _, user_data: __, lifecycle: ___, ...template } = all(stack, "aws_launch_template")["jobs_PoolTemplate"]!;
  const { triggers_replace } = all(stack, "terraform_data")["jobs_PoolRenewal"]!;
  const { boot, template: made, ...more } = triggers_replace as Readonly<Record<string, unknown>>;
  expect(boot).toBe("${local.Social_jobs_PoolBootHash}");
  expect(snaked(made)).toEqual(template);
  expect(more).toEqual({ spot: ["t3.medium", "c7i.large"] });
});

/** With Terraform's names of attributes, and the tags as they are. */
function snaked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snaked);
  if (typeof value !== "object" || value === null) return value;
  const name = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => (key === "tags" ? [key, one] : [name(key), snaked(one)])));
}

test("public addresses are said by the interface, with the security group", () => {
  const { stack, site } = page({ egress: "public addresses" });
  pool(site, "web");
  const template = all(stack, "aws_launch_template")["web_PoolTemplate"]!;
  expect(template["network_interfaces"]).toEqual([
    { associate_public_ip_address: "true", delete_on_termination: "true", security_groups: [expect.anything()] },
  ]);
  expect(template).not.toHaveProperty("vpc_security_group_ids");
});

test("stop-first: nothing of AWS' own starts a second member beside one that serves", () => {
  const { stack, site } = page({ spotSidekiq: true });
  pool(site, "scheduler", 1, "stop-first");
  const group = all(stack, "aws_autoscaling_group")["scheduler_Pool"]!;
  expect(group).toMatchObject({
    max_size: 1,
    capacity_rebalance: false,
    suspended_processes: ["AZRebalance"],
    instance_maintenance_policy: { min_healthy_percentage: 0, max_healthy_percentage: 100 },
    lifecycle: { create_before_destroy: false },
  });
  // Not on spare capacity either, whatever the page says of Sidekiq.
  expect(group).not.toHaveProperty("mixed_instances_policy");
  expect(all(stack, "aws_launch_template")["scheduler_PoolTemplate"]).toMatchObject({
    lifecycle: { create_before_destroy: false },
  });
});

test("Sidekiq on spare capacity: several types, and one member that AWS does not take away", () => {
  const { stack, site } = page({ spotSidekiq: true });
  web(site);
  pool(site, "jobs");
  const { web_Pool: front, jobs_Pool: jobs } = all(stack, "aws_autoscaling_group");
  expect(jobs!["mixed_instances_policy"]).toEqual({
    instances_distribution: {
      on_demand_base_capacity: 1,
      on_demand_percentage_above_base_capacity: 0,
      spot_allocation_strategy: "price-capacity-optimized",
    },
    launch_template: {
      launch_template_specification: {
        launch_template_id: "${aws_launch_template.Social_jobs_PoolTemplate.id}",
        version: "${aws_launch_template.Social_jobs_PoolTemplate.latest_version}",
      },
      override: [{ instance_type: "t3.medium" }, { instance_type: "c7i.large" }],
    },
  });
  expect(jobs).not.toHaveProperty("launch_template");
  expect(front).not.toHaveProperty("mixed_instances_policy");
  // AWS refuses to launch a type that is not burstable with it.
  expect(all(stack, "aws_launch_template")["jobs_PoolTemplate"]).not.toHaveProperty("credit_specification");
});

test("a gate asks for the group and its targets, and is made anew with them and with the number of members", () => {
  const { stack, site } = page({ readySeconds: 700 });
  web(site);
  const gate = all(stack, "terraform_data")["web_PoolSettled"]!;
  const group = "${aws_autoscaling_group.Social_web_Pool.id}";
  expect(gate).toMatchObject({
    triggers_replace: { group, machines: "2", targets: `\${${TARGETS}}` },
    provisioner: [
      {
        "local-exec": {
          command: expect.stringMatching(/^exec node assets\/\S+\/gate\.mjs serve$/) as string,
          environment: {
            POOL: "web",
            REGION: "eu-central-1",
            GROUP: group,
            TAGS: "cdktf-mastodon:site=social cdktf-mastodon:pool=web",
            TARGETS: `\${${TARGETS}}`,
            LIMIT_SECONDS: "700",
            PAUSE_SECONDS: "10",
            WAITING: "assets/Social_GateWaiting/1/waiting.mjs",
          },
          when: "create",
        },
      },
    ],
  });
});

test("a member may complete hooks and say that it hangs, in groups of its own pool of whatever generation, and nothing else", () => {
  const { stack, site } = page();
  web(site);
  const { policy } = all(stack, "aws_iam_role_policy")["Rights-pool-web"] as { readonly policy: string };
  const { Statement } = JSON.parse(policy) as { readonly Statement: readonly Readonly<Record<string, unknown>>[] };
  expect(Statement.filter(({ Sid }) => Sid === "Member")).toEqual([
    {
      Sid: "Member",
      Effect: "Allow",
      Action: ["autoscaling:CompleteLifecycleAction", "autoscaling:SetInstanceHealth"],
      Resource: [
        expect.stringMatching(
          /^arn:\S+:autoscaling:eu-central-1:\S+:autoScalingGroup:\*:autoScalingGroupName\/social-web-\?{6}$/,
        ) as string,
      ],
    },
  ]);
});

test("only members of pools have the program for it", () => {
  const { site } = page();
  const text = web(site).bootText();
  expect(text).toContain("path: /usr/local/sbin/member");
  expect(text).toContain("- awscli");
  expect(machine(site, "own").bootText()).not.toContain("/usr/local/sbin/member");
});

test("the inventory lists members by their tags", () => {
  const { site } = page();
  expect(web(site).described).toMatchObject({
    resource: expect.stringMatching(/^aws_autoscaling_group\.Social_web_Pool_\w{8}$/) as string,
    renew: expect.stringMatching(/^terraform_data\.Social_web_PoolRenewal_\w{8}$/) as string,
    list:
      "aws ec2 describe-instances --region eu-central-1 --output text " +
      "--filters Name=tag:cdktf-mastodon:site,Values=social Name=tag:cdktf-mastodon:pool,Values=web Name=instance-state-name,Values=running " +
      "--query 'Reservations[].Instances[].[InstanceId,PrivateIpAddress,LaunchTime]'",
  });
});

test("the last word on a template and a group is the page's", () => {
  const { stack, site } = page({
    tune: {
      launchTemplate: (config, { name }) => ({ ...config, ebsOptimized: name === "web" ? "true" : "false" }),
      autoscalingGroup: (config) => ({ ...config, maxInstanceLifetime: 604_800 }),
    },
  });
  pool(site, "web");
  expect(all(stack, "aws_launch_template")["web_PoolTemplate"]).toMatchObject({ ebs_optimized: "true" });
  expect(all(stack, "aws_autoscaling_group")["web_Pool"]).toMatchObject({ max_instance_lifetime: 604_800 });
});

test("the words by which a member counts what the watchdog has killed are the watchdog's", () => {
  const read = (path: string) => readFileSync(join(__dirname, "../../../lib", path), "utf8");
  expect(read("mastodon/programs/watchdog.sh")).toContain('echo "killed process $1 ');
  expect(read("mastodon/programs/watchdog.ts")).toContain("/etc/systemd/system/mastodon-watchdog.service");
  expect(read("clouds/aws/member.sh")).toContain("-u mastodon-watchdog.service --since");
});

function scaled(site: Site, most: number): Pool {
  return new Pool(site, "web", {
    name: "web",
    role: "web",
    range: site.range(site, "web", "web"),
    machines: 2,
    scale: { most },
    size,
  });
}

test("a pool that scales: AWS chooses between both limits, and a plan says nothing of the number", () => {
  const { stack, site } = page();
  scaled(site, 6);
  const group = all(stack, "aws_autoscaling_group")["web_Pool"]!;
  expect(group).toMatchObject({ min_size: 2, max_size: 6, default_instance_warmup: 120 });
  expect(group).not.toHaveProperty("desired_capacity");
  expect(all(stack, "aws_autoscaling_policy")).toEqual({
    web_PoolScale: {
      name: "cpu",
      autoscaling_group_name: "${aws_autoscaling_group.Social_web_Pool.id}",
      policy_type: "TargetTrackingScaling",
      target_tracking_configuration: {
        predefined_metric_specification: { predefined_metric_type: "ASGAverageCPUUtilization" },
        target_value: 60,
      },
      lifecycle: { create_before_destroy: true },
    },
  });
  expect(all(stack, "terraform_data")["web_PoolSettled"]!["depends_on"]).toContain("aws_autoscaling_policy.Social_web_PoolScale");
});
