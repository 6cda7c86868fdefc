// The metric of kept machines that are older than the page: in what is delivered to the machine of Monitoring, and not in its boot text.

import { App, TerraformStack, Testing } from "cdktf";
import { parse } from "yaml";
import { Machine, Monitoring, Postgres, Redis, SidekiqGroup, Site, WebTier } from "../../lib";
import { local } from "../../lib/clouds/local";
import { readableText } from "../../lib/core/render/terraform-text";
import { rules } from "../../lib/mastodon/monitoring/rules";
import { watched } from "../../lib/mastodon/monitoring/watched";
import { FakeCloud } from "../../lib/testing";

const FILE = "/var/lib/prometheus/node-exporter/boot-texts.prom";

function page(cloud: ConstructorParameters<typeof Site>[2]["cloud"]) {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6" });
  const data = { database: new Postgres(site, "Database"), redis: new Redis(site, "Redis") };
  new WebTier(site, "Web", { streaming: { processes: 1 }, ...data });
  new SidekiqGroup(site, "Jobs", { queues: ["default", "push", "ingress", "mailers", "pull", "fasp", "scheduler"], ...data });
  const { machines } = new Monitoring(site, "Monitoring");
  return { stack, site, machine: machines[0]! };
}

function filesOf(machine: Machine): Readonly<Record<string, { readonly content: string }>> {
  const { write_files } = parse(readableText(machine.bootText())) as {
    readonly write_files: readonly { readonly path: string; readonly content: string }[];
  };
  return Object.fromEntries(write_files.map((file) => [file.path, file]));
}

const ofRules = (site: Site) => rules(watched(site)).includes("BootTextOlder");

test("each deploy tells which kept machines are older than the page; a renewed machine of Monitoring is told again", () => {
  const { stack, site, machine } = page(local());
  const plan = Testing.synth(stack).replaceAll(/_[0-9A-F]{8}\b/g, "");
  const { locals } = JSON.parse(plan) as { readonly locals: Readonly<Record<string, string>> };
  const delivered = locals["Social_Monitoring_1_MachineSettingsText"]!.split("\n");
  const from = delivered.findIndex((line) => line.startsWith(`setting '${FILE}' `));
  const older = (name: string) => {
    const at = `Social_${name}_Machine`;
    return `\${terraform_data.${at}.output.boot != local.${at}BootHash ? 1 : 0}`;
  };
  expect(delivered.slice(from + 1, delivered.indexOf("END", from))).toEqual([
    "# For ${terraform_data.Social_Monitoring_1_Machine.id}",
    `mastodon_boot_text_older{machine="database-1"} ${older("Database_1")}`,
    `mastodon_boot_text_older{machine="redis-1"} ${older("Redis_1")}`,
    `mastodon_boot_text_older{machine="monitoring-1"} ${older("Monitoring_1")}`,
  ]);
  expect(filesOf(machine)[FILE]).toMatchObject({ content: "# Each deploy brings it.\n" });
  expect(ofRules(site)).toBe(true);
});

test("where settings are not delivered there is neither the metric nor its alert", () => {
  const { stack, site, machine } = page(new FakeCloud({ delivers: false }));
  Testing.synth(stack);
  expect(filesOf(machine)[FILE]).toBeUndefined();
  expect(ofRules(site)).toBe(false);
});
