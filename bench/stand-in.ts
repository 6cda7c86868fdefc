// The stand-in at Mastodon's cost: `await standingIn({ STANDIN_WORK_MS: MASTODONS_WORK_MS }, async () => …)`.

/** Processor time that a profile page of Mastodon takes, in milliseconds: measured with Mastodon 4.6. */
export const MASTODONS_WORK_MS = "55";

type Variable = "STANDIN_WORK_MS" | "STANDIN_WAIT_MS";

/** Sites that are deployed meanwhile have a stand-in with these variables: the driver hands them to the machines' containers. */
export async function standingIn<Result>(
  variables: Readonly<Partial<Record<Variable, string>>>,
  use: () => Promise<Result>,
): Promise<Result> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    return await use();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
