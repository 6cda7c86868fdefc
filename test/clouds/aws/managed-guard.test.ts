// What Terraform does to databases that AWS runs, and to machines, when a page has others than before.

import { TerraformStack } from "cdktf";
import { Postgres, Redis } from "../../../lib";
import { elastiCache, rds } from "../../../lib/clouds/aws";
import { BuiltIn } from "./built-in";
import { machine, page, pool, web } from "./page";

// Terraform starts several times.
jest.setTimeout(300_000);

interface Databases {
  readonly postgres: readonly string[];
  readonly valkeys: readonly string[];
  readonly protectDatabases?: boolean;
}

/** A page with kept machines and pools, of which jobs call all databases. */
function databases({ postgres, valkeys, protectDatabases = true }: Databases): TerraformStack {
  const { stack, site } = page({ protectDatabases });
  web(site);
  machine(site, "kept");
  const jobs = pool(site, "jobs");
  for (const id of postgres) {
    const made = rds(site, id, { class: "db.t4g.medium", storageGib: 20, replicas: 1 });
    Postgres.external(made).reachedBy(jobs, "a probe");
  }
  for (const id of valkeys) Redis.external(elastiCache(site, id, { node: "cache.t4g.micro" })).reachedBy(jobs, "a probe");
  return stack;
}

const BOTH = { postgres: ["Database"], valkeys: ["Feeds"] };

/** What a plan does, as in `created aws_db_instance Databases["social-more"]`. */
function changes(lines: string): readonly string[] {
  const found = [...lines.matchAll(/^ *# terraform_data\.(\w+?)__Social_([^_ ]\S*) (?:will|must) be (\w+)/gm)];
  return found.map(([, type, name, what]) => `${what} ${type} ${name!.replace(/_[0-9A-F]{8}(?![0-9A-Za-z])/, "")}`).sort();
}

test("a plan without a database is refused, and so is one without any, until the page says otherwise", () => {
  const terraform = new BuiltIn();
  try {
    expect(terraform.apply(databases(BOTH)).said).toContain("Apply complete!");
    expect(terraform.plan(databases(BOTH)).said).toContain("No changes.");
    const fewer = [
      [{ ...BOTH, postgres: [] }, /Social_Databases_\w+\["social-database"\]/],
      [{ ...BOTH, postgres: ["Database2"] }, /Social_Databases_\w+\["social-database"\]/],
      [{ ...BOTH, valkeys: [] }, /Social_Caches_\w+\["social-feeds"\]/],
    ] as const;
    for (const [of, name] of fewer) {
      const { status, said } = terraform.plan(databases(of));
      expect(said).toMatch(new RegExp(`Instance cannot be destroyed .*${name.source} has lifecycle.prevent_destroy set`));
      expect(status).toBe(1);
    }
    const { status, lines } = terraform.plan(databases({ postgres: [], valkeys: ["Feeds"], protectDatabases: false }));
    expect(status).toBe(0);
    expect(changes(lines)).toContain('destroyed aws_db_instance Databases["social-database"]');
    expect(changes(lines).filter((line) => line.includes("Caches"))).toEqual([]);
  } finally {
    terraform.remove();
  }
});

test("one more database changes nothing of the others, nor of the machines that do not call it", () => {
  const terraform = new BuiltIn();
  const more = () => {
    const { stack, site } = page();
    web(site);
    machine(site, "kept");
    const jobs = pool(site, "jobs");
    const [main, other] = ["Database", "More"].map((id) =>
      rds(site, id, { class: "db.t4g.medium", storageGib: 20, replicas: 1 }),
    );
    Postgres.external(main!).reachedBy(jobs, "a probe");
    elastiCache(site, "Spare", { node: "cache.t4g.micro" });
    Redis.external(elastiCache(site, "Feeds", { node: "cache.t4g.micro" })).reachedBy(jobs, "a probe");
    expect(other!.port).toBe(5432);
    return stack;
  };
  try {
    expect(terraform.apply(databases(BOTH)).said).toContain("Apply complete!");
    const { status, lines } = terraform.plan(more());
    expect(status).toBe(0);
    expect(changes(lines)).toEqual([
      'created aws_db_instance Databases["social-more"]',
      "created aws_db_instance More_Replica1",
      "created aws_db_parameter_group More_Parameters",
      "created aws_db_subnet_group More_Subnets",
      "created aws_elasticache_parameter_group Spare_Parameters",
      'created aws_elasticache_replication_group Caches["social-spare"]',
      "created aws_elasticache_subnet_group Spare_Subnets",
      "created aws_security_group Group-managed-more",
      "created aws_security_group Group-managed-spare",
    ]);
  } finally {
    terraform.remove();
  }
});
