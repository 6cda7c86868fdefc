// The stand-in fails where Mastodon fails, and costs what it costs: what held with it must hold with the real one.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apply, destroy, driver, inside, machines, makeSecrets, Place, setUp, synthesize } from "../../scripts/cluster";
import { door, journey } from "../../scripts/journey";
import { nothingLeft } from "./left-over";
import { requests } from "./stand-in-requests";

const SITE = "stand";
const MINUTE = 60_000;
const IMAGE = "ghcr.io/mastodon/mastodon:v4.7.6";
const directory = mkdtempSync(join(tmpdir(), "stand-in-"));
const place: Place = { directory, say: (line) => process.stderr.write(`  ${line}\n`) };
let stack: string;
let web: string;

const runner = (script: string) => inside(SITE, web, "rails", "runner", script);
/** A command in the web image with the tasks' environment and more; both streams, whatever it ends with. */
const task = (options: string, command: string) =>
  inside(
    SITE,
    web,
    "bash",
    "-c",
    `podman run --rm --network host --env-file /etc/mastodon/task.env ${options} ${IMAGE} ${command} 2>&1; echo "ended with $?"`,
  );

beforeAll(async () => {
  await setUp(place, "shellcheck");
  makeSecrets(place);
  stack = await synthesize("test/e2e/pages/stand-in.ts", place);
  await apply(stack, place);
  web = machines(SITE).find(({ pool }) => pool === "web")!.name;
}, 20 * MINUTE);

afterAll(() => {
  driver(["clean", SITE]);
  rmSync(directory, { recursive: true, force: true });
}, MINUTE);

test("an account whose address has no mail server is refused, in every version, unless it is saved without validation", () => {
  const create = "tootctl accounts create someone --email someone@stand.example --confirmed";
  for (const version of ["4.1.22", "4.3.23", "4.7.6"]) {
    expect(task(`-e STANDIN_VERSION=${version} -e OTP_SECRET=x`, create)).toMatch(
      /^Failure\/Error: email\n {4}does not seem to exist\n(.*\n)*ended with 1\n$/m,
    );
  }
  const made = runner(`
    user = User.new(email: "owner@stand.example", password: "long enough", agreement: true, role: UserRole.find_by(name: "Owner"),
                    account: Account.new(username: "owner"), confirmed_at: Time.now.utc)
    puts user.save
    user.save!(validate: false)
    user.approve!
    puts [user.account.username, user.role.name, user.functional?].join(" ")
    puts (begin; user.no_such_method!; rescue NoMethodError; "no such method"; end)
    puts (begin; User.new(shoe_size: 46); rescue ActiveModel::UnknownAttributeError; "no such attribute"; end)`);
  expect(made.trim().split("\n").slice(-4)).toEqual(["false", "owner Owner true", "no such method", "no such attribute"]);
});

test(
  "a post of that account travels",
  async () => {
    const token = runner(`
      user = User.find_by(email: "owner@stand.example")
      puts Doorkeeper::AccessToken.create!(resource_owner_id: user.id, scopes: "read write", expires_in: nil).token`);
    await journey(door(SITE, "stand.example", "stand.example"), token.trim().split("\n").at(-1)!);
  },
  MINUTE,
);

test("tootctl --help lists what there is", () => {
  expect(inside(SITE, web, "tootctl", "--help")).toMatch(/^Commands:\n {2}tootctl accounts SUBCOMMAND/);
});

test("a request asks the cache and the base Redis as often as was counted with the real one", () => {
  expect(requests(runner, "counts")).toEqual({
    "/@owner": { status: 200, GET: 30, EXISTS: 1 },
    "/explore": { status: 200, GET: 29, SET: 6, EXISTS: 1 },
    home: { status: 200, GET: 9, INCRBY: 2, EXISTS: 4, ZREVRANGE: 1 },
    post: { status: 200, GET: 17, SET: 2, INCRBY: 2, EXISTS: 10 },
    "/health of this machine": { status: 200 },
    "/health of others": { status: 200, GET: 1 },
  });
});

test("a page burns processor time when it is told to, and then the drills' paths are there", () => {
  expect(requests(runner, "work")).toEqual({ burnt: true, waited: true, slow: 200, withoutTheVariable: 404 });
});

test("an upload is kept as it came and made small, and both are served without a database", () => {
  expect(requests(runner, "upload")).toEqual({
    status: 200,
    type: "image",
    original: "/system/media_attachments/files/ID/original/NAME.png",
    width: 678,
    smallWidth: 587,
    attached: "https://stand.example/system/media_attachments/files/ID/original/NAME.png",
    twice: "Validation failed: Media not found",
  });
  expect(task("-e DB_HOST=nowhere.invalid", "cat public/robots.txt")).toContain("User-agent");
});

test("what is left to Sidekiq needs the file that web has stored", () => {
  expect(requests(runner, "elsewhere")).toEqual({ status: 202, states: [206, 206, 200], withoutTheFile: "Errno::ENOENT" });
});

test("a stranger signs up, gets a mail, and follows its link", () => {
  expect(requests(runner, "signUp")).toEqual({
    closed: 403,
    noMailServer: "ERR_UNREACHABLE",
    status: 200,
    to: "ann@allowed.example",
    functional: [false, true],
  });
});

test("an image says which migrations it does not know, and waits for none that another version brought", () => {
  expect(inside(SITE, web, "rails", "db:migrate:status")).toMatch(/^ {3}up {5}20260901000001 {2}Add edited at to statuses$/m);
  expect(task("-e STANDIN_VERSION=4.6.5", "bundle exec rails db:migrate:status")).toMatch(
    /^ {3}up {5}20260815000001 {2}Add language to statuses\n {3}up {5}20260901000001 {2}\*{10} NO FILE \*{10}$/m,
  );
  expect(task("-e STANDIN_VERSION=4.6.5", "bundle exec rails db:abort_if_pending_migrations")).toMatch(/ended with 0\n$/);
});

test("with one identity provider and one click, no process starts while that provider is away", () => {
  const options = "-e OIDC_ENABLED=true -e OIDC_SCOPE=openid -e OMNIAUTH_ONLY=true -e ONE_CLICK_SSO_LOGIN=true";
  const command = "bundle exec rails db:version";
  expect(task(`${options} -e OIDC_ISSUER=https://127.0.0.1:1`, command)).toMatch(/DiscoveryFailed(.*\n)*ended with 1\n$/);
  expect(task(`${options} -e OIDC_ISSUER=https://127.0.0.1:1 -e OIDC_AUTH_ENDPOINT=https://id.example/`, command)).toMatch(
    /ended with 0\n$/,
  );
  expect(task(`${options} -e OIDC_ISSUER=https://127.0.0.1:1 -e CAS_ENABLED=true`, command)).toMatch(/ended with 0\n$/);
});

test(
  "streaming ends when an idle connection breaks, and is started again; its log has no token in clear",
  async () => {
    const restarts = () => inside(SITE, web, "systemctl", "show", "--value", "-p", "NRestarts", "mastodon-streaming@4000").trim();
    expect(restarts()).toBe("0");
    // The connection is idle from here on, until the pool closes it after ten seconds.
    const ask = "curl -s -o /dev/null -m 2 'http://127.0.0.1:4000/api/v1/streaming/user?access_token=not-a-token-of-ours'";
    inside(SITE, web, "bash", "-c", ask);
    runner(
      `Standin::Database.primary.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%LIMIT 1' AND state = 'idle'")`,
    );
    for (let n = 0; n < 30 && restarts() === "0"; n++) await new Promise((next) => setTimeout(next, 1000));
    expect(restarts()).toBe("1");
    const journal = inside(SITE, web, "journalctl", "--no-pager", "-o", "cat", "-u", "mastodon-streaming@*");
    expect(journal).toContain("access_token=[Redacted]");
    expect(journal).not.toContain("not-a-token-of-ours");
  },
  2 * MINUTE,
);

test(
  "destroy leaves nothing",
  async () => {
    await destroy(stack, place);
    expect(nothingLeft(SITE)).toEqual([]);
  },
  3 * MINUTE,
);
