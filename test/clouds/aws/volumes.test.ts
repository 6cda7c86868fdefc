import { Disk, Postgres, Redis } from "../../../lib";
import { all, data, page } from "./page";

const KEY = "arn:aws:kms:eu-central-1:123456789012:key/1";

test("all disks are one protected resource of encrypted volumes, each in the zone of its machine", () => {
  const { stack, site } = page();
  new Postgres(site, "Database", { disk: Disk.gib(50), replicas: 1 });
  new Redis(site, "Redis", { disk: Disk.gib(5) });
  const { Volumes, ...others } = all(stack, "aws_ebs_volume");
  expect(others).toEqual({});
  const { lifecycle, depends_on: _, ...config } = Volumes!;
  expect(config).toEqual({
    for_each: {
      "social-database-1-data": { gib: 50, zone: "eu-central-1a" },
      "social-database-2-data": { gib: 50, zone: "eu-central-1b" },
      "social-redis-1-data": { gib: 5, zone: "eu-central-1a" },
    },
    availability_zone: "${each.value.zone}",
    size: "${each.value.gib}",
    type: "gp3",
    encrypted: true,
    tags: { Name: "${each.key}", "cdktf-mastodon:site": "social", "cdktf-mastodon:disk": "${each.key}" },
  });
  expect(lifecycle).toMatchObject({ prevent_destroy: true });
});

// In a resource for each disk, a tier that leaves the page would take the protection with it.
test("a page without disks still protects those that it had, until it says that it does not", () => {
  const volumes = (props: Parameters<typeof page>[0]) => all(page(props).stack, "aws_ebs_volume")["Volumes"];
  expect(volumes({})).toMatchObject({ for_each: {}, lifecycle: { prevent_destroy: true } });
  expect(volumes({ protectDisks: false })).toMatchObject({ lifecycle: { prevent_destroy: false } });
  expect(volumes({ kmsKeyArn: KEY })).toMatchObject({ encrypted: true, kms_key_id: KEY });
});

test("a disk that the page makes smaller than it is, is refused before anything is changed", () => {
  const { stack, site } = page();
  new Postgres(site, "Database");
  expect(data(stack, "aws_ebs_volumes")).toEqual({
    Disks: { tags: { "cdktf-mastodon:site": "social" }, filter: [{ name: "tag-key", values: ["cdktf-mastodon:disk"] }] },
  });
  expect(data(stack, "aws_ebs_volume")).toEqual({
    Disk: {
      for_each: "${toset(data.aws_ebs_volumes.Social_Disks.ids)}",
      filter: [{ name: "volume-id", values: ["${each.key}"] }],
    },
  });
  const has =
    'max(0, [for one in values(data.aws_ebs_volume.Social_Disk) : one.size if one.tags["cdktf-mastodon:disk"] == each.key]...)';
  expect(all(stack, "aws_ebs_volume")["Volumes"]!["lifecycle"]).toMatchObject({
    precondition: [
      {
        condition: `\${${has} <= each.value.gib}`,
        error_message:
          `stack/Social: the page gives the disk \${each.key} \${each.value.gib} GiB, and it has \${${has}} / ` +
          `disks cannot shrink: give at least \${${has}} GiB, or make a new tier and move the data`,
      },
    ],
  });
});
