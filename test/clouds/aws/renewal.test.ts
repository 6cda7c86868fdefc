// What becomes of kept machines and their disks in the life of a page, carried out by the real Terraform over built-in resources.

import { Testing } from "cdktf";
import { Etcd, Postgres, Redis } from "../../../lib";
import { AwsProps } from "../../../lib/clouds/aws";
import { BuiltIn } from "./built-in";
import { page, pool } from "./page";

// Terraform starts several times in each.
jest.setTimeout(300_000);

/** A page with kept machines that have disks, and with a pool. */
function whole(props: Partial<AwsProps> = {}, replicas = 1) {
  const { stack, site } = page({ quorumInTwoZones: true, ...props });
  const db = new Postgres(site, "Database", { replicas });
  const redis = new Redis(site, "Redis");
  new Etcd(site, "Etcd", { on: [redis, db] });
  const jobs = pool(site, "jobs");
  db.reachedBy(jobs, "a probe");
  redis.reachedBy(jobs, "a probe");
  return stack;
}

/** The first database's address in Terraform, in a plan of built-in resources. */
function database(stack: ReturnType<typeof whole>): string {
  const { resource } = JSON.parse(Testing.synth(stack)) as { readonly resource: Readonly<Record<string, object>> };
  const name = Object.keys(resource["aws_instance"]!).find((one) => one.startsWith("Social_Database_1_Machine"))!;
  return `terraform_data.aws_instance__${name}`;
}

test("a renewal stops and detaches, ends the instance, makes another and attaches; other machines, volumes and pools stay", () => {
  const small = new BuiltIn();
  try {
    expect(small.apply(whole())).toMatchObject({ status: 0 });
    const ids = (type: string) => small.all(type).map(({ id }) => id);
    const [volumes, groups, before] = [ids("aws_ebs_volume"), ids("aws_autoscaling_group"), ids("aws_instance")];
    const { lines } = small.apply(whole(), `-replace=${database(whole())}`);
    const order = [
      /aws_volume_attachment__Social_Database_1_Machine.*: Destruction complete/,
      /aws_instance__Social_Database_1_Machine.*: Destruction complete/,
      /aws_instance__Social_Database_1_Machine.*: Creation complete/,
      /aws_volume_attachment__Social_Database_1_Machine.*: Creation complete/,
    ];
    const at = order.map((line) => lines.search(line));
    expect(at.every((one) => one >= 0)).toBe(true);
    expect(at).toEqual([...at].sort((a, b) => a - b));
    expect(ids("aws_ebs_volume")).toEqual(volumes);
    expect(ids("aws_autoscaling_group")).toEqual(groups);
    expect(ids("aws_instance").filter((id) => !before.includes(id))).toHaveLength(1);
    expect(small.plan(whole()).said).toContain("No changes");
  } finally {
    small.remove();
  }
});

test("another type, image and key, and one more replica, touch no kept machine that stands", () => {
  const small = new BuiltIn();
  try {
    expect(small.apply(whole())).toMatchObject({ status: 0 });
    const kept = () => ["aws_instance", "aws_volume_attachment", "aws_ebs_volume"].flatMap((type) => small.all(type));
    const before = kept();
    expect(before).toHaveLength(9);
    const changed = { cpus: "steady", image: "debian-14-{arch}-*", egress: "nat in each zone" } as const;
    expect(small.apply(whole(changed, 2))).toMatchObject({ status: 0 });
    const after = kept();
    expect(after).toHaveLength(12);
    for (const one of before) expect(after).toContainEqual(one);
  } finally {
    small.remove();
  }
});

test("a tier that leaves the page takes no disk with it: the plan is refused", () => {
  const small = new BuiltIn();
  try {
    expect(small.apply(whole())).toMatchObject({ status: 0 });
    const { stack, site } = page();
    pool(site, "jobs");
    const { status, said } = small.plan(stack);
    expect(status).toBe(1);
    expect(said).toMatch(/Instance cannot be destroyed.*aws_ebs_volume__Social_Volumes/);
  } finally {
    small.remove();
  }
});
