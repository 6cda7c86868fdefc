// The resources of the plan PLAN with nothing but cdktf's own constructs, as somebody would write them without the library.
// Names and references are the plan's own literal ones, which is the least that cdktf can be asked to do for them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  App,
  AssetType,
  DataResource,
  ITerraformDependable,
  TerraformAsset,
  TerraformLocal,
  TerraformOutput,
  TerraformStack,
  TerraformVariable,
} from "cdktf";
import { Construct } from "constructs";

interface LocalExec {
  readonly command: string;
  readonly environment?: Record<string, string>;
  readonly when?: "create" | "destroy";
}

interface Data {
  readonly depends_on?: readonly string[];
  readonly input?: Record<string, unknown>;
  readonly lifecycle?: {
    readonly create_before_destroy?: boolean;
    readonly ignore_changes?: string[];
    readonly precondition?: readonly { readonly condition: string; readonly error_message: string }[];
  };
  readonly provisioner?: readonly { readonly "local-exec": LocalExec }[];
  readonly triggers_replace?: Record<string, unknown>;
}

interface Variable {
  readonly type: string;
  readonly sensitive: boolean;
  readonly nullable: boolean;
  readonly description: string;
  readonly default: string;
}

interface Plan {
  readonly locals: Record<string, string>;
  readonly output: Record<string, { readonly description: string; readonly value: unknown }>;
  readonly resource: { readonly terraform_data: Record<string, Data> };
  readonly variable: Record<string, Variable>;
}

const plan = JSON.parse(readFileSync(process.env["PLAN"]!, "utf8")) as Plan;
const app = new App();
const stack = new TerraformStack(app, "local");

const root = join(__dirname, "../../dist");
const site = new Construct(stack, "Social");
for (const [id, path] of [
  ["Driver", "lib/clouds/local/driver"],
  ["StandIn", "standin"],
] as const) {
  new TerraformAsset(site, id, { path: join(root, path), type: AssetType.DIRECTORY, assetHash: "1" });
}

for (const [name, { type, sensitive, nullable, description, default: preset }] of Object.entries(plan.variable)) {
  new TerraformVariable(stack, name, { type, sensitive, nullable, description, default: preset });
}

for (const [name, value] of Object.entries(plan.locals)) new TerraformLocal(stack, name, value).overrideLogicalId(name);

for (const [name, data] of Object.entries(plan.resource.terraform_data)) {
  const { lifecycle } = data;
  new DataResource(stack, name, {
    ...(data.input && { input: data.input }),
    ...(data.triggers_replace && { triggersReplace: data.triggers_replace }),
    ...(data.depends_on && { dependsOn: data.depends_on.map((fqn) => ({ fqn }) as ITerraformDependable) }),
    ...(lifecycle && {
      lifecycle: {
        ...(lifecycle.create_before_destroy !== undefined && { createBeforeDestroy: lifecycle.create_before_destroy }),
        ...(lifecycle.ignore_changes && { ignoreChanges: lifecycle.ignore_changes }),
        ...(lifecycle.precondition && {
          precondition: lifecycle.precondition.map(({ condition, error_message }) => ({
            condition,
            errorMessage: error_message,
          })),
        }),
      },
    }),
    ...(data.provisioner && {
      provisioners: data.provisioner.map(({ "local-exec": exec }) => ({ type: "local-exec" as const, ...exec })),
    }),
  }).overrideLogicalId(name);
}

for (const [name, { description, value }] of Object.entries(plan.output)) {
  new TerraformOutput(stack, name, { description, value });
}

app.synth();
