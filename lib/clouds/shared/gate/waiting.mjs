// What gates have in common, whichever cloud they ask. The directory of each cloud's gate has a place of its own in the stack, so a gate gets the path of
// this file as the variable WAITING.

import { setTimeout } from "node:timers/promises";

const { POOL, ROLE, LIMIT_SECONDS, PAUSE_SECONDS } = process.env;
const OF = POOL ?? ROLE ?? "gate";

/** Asking again would not help. */
export class Fatal extends Error {}
class Late extends Fatal {}

// If Terraform was killed, its gate must change nothing any more. The parent process is another one then.
const terraform = process.ppid;
setInterval(() => {
  if (process.ppid === terraform) return;
  console.error(`${OF}: Terraform has ended, and so does the gate`);
  process.exit(1);
}, 500).unref();

export const pause = () => setTimeout(Number(PAUSE_SECONDS) * 1000);

/** Asks again until `look` returns nothing, which is success, and prints every change of its answer. */
export async function until(what, look, limitSeconds = LIMIT_SECONDS) {
  const limit = Number(limitSeconds);
  const begin = Date.now();
  let said;
  for (;;) {
    let missing;
    try {
      missing = await look();
    } catch (error) {
      if (error instanceof Fatal) throw error;
      missing = `${error.message}; asking again`;
    }
    const seconds = Math.round((Date.now() - begin) / 1000);
    if (missing === undefined) {
      console.log(`${what}: done after ${seconds} s`);
      return;
    }
    if (missing !== said) console.log(`${what}: ${missing} (${seconds} s of ${limit})`);
    said = missing;
    if (seconds >= limit) throw new Late(`not done after ${limit} s: ${missing}`);
    await pause();
  }
}

/**
 * Shuts machines down, or off if that takes too long. `look` returns those that are to end, each with `id`, `status` and `locked`; `act` starts one of
 * the two actions for one of them. A machine that is locked takes no action, and cannot be deleted either.
 */
export async function shutDown(what, kind, look, act, limitSeconds) {
  const by = (action) => {
    const asked = new Set();
    return async () => {
      const left = (await look()).filter(({ status, locked }) => status !== "off" || locked);
      for (const { id, status, locked } of left) {
        if (status === "off" || locked || asked.has(id)) continue;
        await act(id, action);
        asked.add(id);
      }
      const states = left.map(({ id, status, locked }) => `${kind} ${id} is ${status}${locked ? " and locked" : ""}`);
      return states.length === 0 ? undefined : states.join(", ");
    };
  };
  try {
    await until(`${what}: shutdown`, by("shutdown"), limitSeconds);
  } catch (error) {
    if (!(error instanceof Late)) throw error;
    console.log(`${what}: not all shut down by themselves; their power goes off`);
    await until(`${what}: power off`, by("power off"), limitSeconds);
  }
}

/** Runs the command of the command line. After a failure of `serve` it says what becomes of the site; `others` finds the machines that served before. */
export async function run(commands, kind, others) {
  const name = process.argv[2];
  const command = commands[name];
  if (command === undefined) throw new Error(`usage: node gate.mjs ${Object.keys(commands).join("|")}`);
  try {
    await command();
  } catch (error) {
    console.error(`${OF}: ${error.message}`);
    if (name === "serve") console.error(await afterwards(kind, others));
    process.exitCode = 1;
  }
}

async function afterwards(kind, others) {
  const next = "the next deploy goes on from here";
  // A question that fails adds nothing to the error that has been told.
  const old = await others().catch(() => undefined);
  if (old === undefined) return `What served before, if anything did, goes on serving; ${next}.`;
  return old.length > 0 ? `What served before goes on serving; ${next}.` : `No earlier ${kind}s of this pool stand; ${next}.`;
}
