import { App, TerraformStack, Testing, TerraformLocal } from "cdktf";
import { Secret } from "../../lib/core/secret";
import { byteLength, readableText, terraformText } from "../../lib/core/render/terraform-text";

const stack = new TerraformStack(new App(), "stack");
const password = new Secret(stack, "database_password", { length: 32, description: "the database" });

test("template marks of Terraform are doubled, whatever stands around them", () => {
  expect(terraformText("echo ${HOST:-a} %{http_code} $$ ${${x}} %%{")).toBe("echo $${HOST:-a} %%{http_code} $$ $${$${x}} %%%{");
});

test("a secret's token stays, and counts and reads as declared", () => {
  const text = `DB_PASS=${password}\nX=\${Y}\n`;
  expect(terraformText(text)).toBe(`DB_PASS=${password}\nX=$\${Y}\n`);
  expect(byteLength(text)).toBe("DB_PASS=".length + 32 + "\nX=${Y}\n".length);
  expect(readableText(text)).toBe("DB_PASS=<secret database_password>\nX=${Y}\n");
});

test("the plan holds a reference to a sensitive variable, never a value", () => {
  new TerraformLocal(stack, "boot", terraformText(`DB_PASS=${password} \${Y}`));
  const plan = JSON.parse(Testing.synth(stack, true));
  expect(plan.locals.boot).toBe("DB_PASS=${var.database_password} $${Y}");
  expect(plan.variable.database_password).toEqual({
    default: "",
    description: "the database",
    nullable: false,
    sensitive: true,
    type: "string",
  });
});
