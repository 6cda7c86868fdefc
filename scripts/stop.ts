// `npm stop`: destroys what `npm start` has deployed, its disks included. The secrets file and the machines' Debian stay for the next time.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { destroy, driver } from "./cluster";

async function main(): Promise<void> {
  const directory = resolve(__dirname, "..");
  const stack = resolve(directory, "cdktf.out/stacks/local");
  if (existsSync(resolve(directory, "terraform.local.tfstate")) && existsSync(stack)) {
    console.log("Destroying the machines, their disks and the network");
    await destroy(stack, { directory, say: () => undefined });
  }
  // Also when the state is lost.
  driver(["clean", "social"]);
  console.log(
    "Nothing runs any more. The secrets and the machines' Debian stay; npm run local -- clean --all --base removes the latter.",
  );
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
