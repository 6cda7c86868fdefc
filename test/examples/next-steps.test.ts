// How a deploy ends: Terraform lists outputs by name, cdktf by construct. The last of them says how to open the site and what comes next.

import { planOf } from "./plan";

interface Plan {
  readonly output: Readonly<
    Record<string, { readonly value: unknown; readonly description: string; readonly sensitive?: boolean }>
  >;
  readonly locals: Readonly<Record<string, unknown>>;
  readonly "//": { readonly outputs: object };
}
const read = (example: string, stack: string) => JSON.parse(planOf(example, stack)) as Plan;
const steps = (example: string, stack: string) => String(read(example, stack).output["social_next_steps"]!.value);

/** The last name in cdktf's list: outputs of a construct come before those of the constructs in it, both by name. */
function lastOf(outputs: object): string {
  const names = Object.entries(outputs).sort(([a, one], [b, other]) =>
    typeof one === typeof other ? a.localeCompare(b) : typeof one === "string" ? -1 : 1,
  );
  const [name, inner] = names.at(-1)!;
  return typeof inner === "string" ? name : lastOf(inner as object);
}

test.each([
  ["local", "local"],
  ["one-line", "local"],
  ["settings", "local"],
  ["hetzner", "social"],
  ["digitalocean", "social"],
  ["aws", "social"],
  ["aws-managed", "social"],
  ["only-sidekiq", "only-sidekiq"],
  ["only-streaming", "only-streaming"],
])("the deploy of examples/%s prints few outputs, and the next steps last, by Terraform and by cdktf", (example, stack) => {
  const plan = read(example, stack);
  const names = Object.keys(plan.output).sort();
  expect(names.at(-1)).toBe("social_next_steps");
  // The first is printed as one word.
  expect(["social_inventory", "social_machines_older_than_the_page", "social_next_steps"]).toEqual(expect.arrayContaining(names));
  expect(plan.output["social_inventory"]!.sensitive).toBe(true);
  expect(lastOf(plan["//"].outputs)).toBe("NextSteps");
  // What is long stands in the plan, for `cdktf-mastodon flows` and `connections`.
  expect(Object.keys(plan.locals["social_flows"] as object)).not.toEqual([]);
});

test("on the local cloud: the address, what opens it, the owner, the machines", () => {
  expect(steps("one-line", "local")).toBe(`https://social.example/
It is at 10.20.0.10. No name service knows it, and its certificate
is its own. On this computer one of these opens it:
  curl -ik --resolve social.example:443:10.20.0.10 https://social.example/
  chromium --ignore-certificate-errors \\
    --host-resolver-rules="MAP *social.example 10.20.0.10" \\
    https://social.example/
Its owner's account; prints the password, once:
  npx cdktf-mastodon owner NAME --email ADDRESS --site social
Its machines: npx cdktf-mastodon local list social
The mail that it has sent: npx cdktf-mastodon local mail social
What stands, and how one logs in: npx cdktf-mastodon inventory
Who may reach which port of whom: npx cdktf-mastodon flows`);
});

test("at Hetzner: the address, what opens it before DNS does, the owner by ssh", () => {
  expect(steps("hetzner", "social").replaceAll(/_[0-9A-F]{8}(?=[.[])/g, "")).toBe(`https://social.example/
Until DNS everywhere knows it, within minutes:
  curl -i --resolve social.example:443:\${hcloud_load_balancer.Social_FrontDoor_social-example.ipv4} https://social.example/
Its owner's account; prints the password, once:
  npx cdktf-mastodon owner NAME --email ADDRESS --ssh root@\${coalesce(hcloud_server.Social_Web_Hosts_Pool[0].ipv4_address, hcloud_server.Social_Web_Hosts_Pool[0].ipv6_address)}
What stands, and how one logs in: npx cdktf-mastodon inventory
Who may reach which port of whom: npx cdktf-mastodon flows`);
});

test("no line is so long that cdktf would break a command", () => {
  for (const line of steps("one-line", "local").split("\n")) expect(line.length).toBeLessThanOrEqual(74);
});
