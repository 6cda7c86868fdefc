// The application tiers beside a PostgreSQL and a Redis that speak TLS only, with a private CA and a password that somebody else chose; and the
// loss of a pooler's machine.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  apply,
  destroy,
  driver,
  inside,
  machines,
  Place,
  secretsFile,
  setUp,
  startStopped,
  synthesize,
} from "../../scripts/cluster";
import { door, journey, signIn } from "../../scripts/journey";
import { nothingLeft } from "./left-over";
import { readersOf } from "./readers";

const SITE = "existing";
const DOMAIN = "existing.example";
const MINUTE = 60_000;
const PASSWORD = "p'a$s#w{o}/r`d:&@=";
const directory = mkdtempSync(join(tmpdir(), "existing-"));
const place: Place = { directory, say: (line) => process.stderr.write(`  ${line}\n`) };
let stack: string;
let token: string;

// The names stand in the certificate; every machine learns the address from the page.
const CERTIFICATES = `
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=What stands already' -keyout ca.key -out ca.pem
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=far -keyout server.key -out server.csr
printf 'subjectAltName=DNS:db.far.example,DNS:redis.far.example\\n' >names
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile names -out server.pem`;

const web = () => machines(SITE).find(({ pool }) => pool === "web")!.name;

beforeAll(async () => {
  await setUp(place, "shellcheck");
  execFileSync("bash", ["-ec", CERTIFICATES], { cwd: directory, stdio: "ignore" });
  const old = join(directory, "env.production");
  writeFileSync(
    old,
    `# what the old server had\nDB_PASS="${PASSWORD.replace(/[$`]/g, "\\$&")}"\nREDIS_PASSWORD='${PASSWORD.replace("'", "")}'\n`,
  );
  const bin = join(__dirname, "../../lib/bin/cdktf-mastodon.ts");
  execFileSync(process.execPath, [
    "--import",
    require.resolve("tsx"),
    bin,
    "secrets",
    secretsFile(place),
    "--from",
    old,
    "--read-by",
    "ruby",
  ]);
  const values = JSON.parse(readFileSync(secretsFile(place), "utf8")) as Record<string, string>;
  expect(values["database_password"]).toBe(PASSWORD);
  const all = { ...values, far_password: PASSWORD, redis_password: PASSWORD, redis_cache_password: PASSWORD };
  writeFileSync(secretsFile(place), JSON.stringify(all));
  stack = await synthesize("test/e2e/pages/existing.ts", place, { FAR: directory });
  await apply(stack, place);
  token = signIn(SITE, DOMAIN);
}, 20 * MINUTE);

afterAll(() => {
  driver(["clean", SITE]);
  rmSync(directory, { recursive: true, force: true });
}, MINUTE);

test(
  "a post travels from web through Sidekiq to a WebSocket, over nothing but what stands already",
  async () => {
    await journey(door(SITE, DOMAIN), token);
    const sql = "select distinct version from pg_stat_ssl join pg_stat_activity using (pid) where usename = 'app'";
    const versions = inside(SITE, "far", "runuser", "-u", "postgres", "--", "psql", "-Atqc", sql);
    expect(versions.trim()).toBe("TLSv1.3");
  },
  2 * MINUTE,
);

test(
  "a server with another certificate is not spoken to, by psql, Ruby, PgBouncer or Node",
  () => {
    const attempt = (script: string) => inside(SITE, web(), "bash", "-c", `(${script}) 2>&1; true`);
    const wrong =
      "sed '/^PGSSLROOTCERT=/s/=.*/=\\/etc\\/ssl\\/certs\\/ca-certificates.crt/; /^SSL_CERT_FILE=/d' /etc/mastodon/task.env >/run/wrong.env";
    const image = "$(sed -n 's/^Image=//p' /etc/containers/systemd/mastodon-web.container)";
    const ruby = (code: string) =>
      `podman run --rm --network host --env-file /run/wrong.env ${image} bundle exec rails runner '${code}'`;
    expect(attempt(`${wrong}; mastodon-sql /run/wrong.env -c 'select 1'`)).toContain("certificate verify failed");
    expect(attempt(ruby("Standin::Database.primary.one(%(select 1))"))).toContain("certificate verify failed");
    expect(attempt(ruby("Standin::Redis.base.call(%(PING))"))).toContain("certificate verify failed");
    expect(attempt("rails runner 'puts Standin::Redis.base.call(%(PING)), Standin::Database.primary.settings.host'")).toContain(
      "PONG\ndb.far.example",
    );
    const live = machines(SITE).find(({ pool }) => pool === "streaming")!.name;
    const node = (variables: string) =>
      inside(
        SITE,
        live,
        "bash",
        "-c",
        `podman exec ${variables} mastodon-streaming-4000 node -e 'require("node:tls").connect({ host: "redis.far.example", port: 6380, servername: "redis.far.example" }).on("error", (error) => console.log(error.code)).on("secureConnect", () => process.exit(console.log("trusted")))'`,
      );
    expect(node("")).toBe("trusted\n");
    expect(node("--env NODE_EXTRA_CA_CERTS=")).toMatch(/SELF_SIGNED|UNABLE_TO/);
    const pooler = "pgbouncer-console @1 -Atqc 'SHOW CONFIG' | grep -E '^server_tls_(sslmode|ca_file)' | cut -d'|' -f 1,2";
    expect(inside(SITE, "pool-1", "bash", "-c", pooler).trim().split("\n").sort()).toEqual([
      "server_tls_ca_file|/etc/mastodon/tls/db.far.example.pem",
      "server_tls_sslmode|verify-full",
    ]);
  },
  3 * MINUTE,
);

test(
  "every file that was rendered is accepted by the program that reads it",
  () => expect(machines(SITE).flatMap(({ name }) => readersOf(SITE, name))).toEqual([]),
  5 * MINUTE,
);

test(
  "when the machine of the pooler that web hangs on dies, or falls silent, web goes on through the other",
  async () => {
    const front = door(SITE, DOMAIN);
    const established =
      "ss -Htn state established '( dport = :6432 )' | awk '{ print $4 }' | grep -v '^127' | sort | uniq -c | sort -rn";
    const used = () => {
      const rows = inside(SITE, web(), "bash", "-c", established).trim().split("\n");
      return rows.map((row) => /(\S+):6432$/.exec(row)![1]!);
    };
    for (const act of ["machine kill", "partition cut"]) {
      await journey(front, token);
      const address = used()[0]!;
      const lost = machines(SITE).find((machine) => machine.address === address)!.name;
      driver([...act.split(" "), SITE, lost]);
      const from = Date.now();
      await posted(front, 30);
      place.say(`after ${act} ${lost}, a post arrives ${((Date.now() - from) / 1000).toFixed(1)} s later`);
      for (let n = 0; n < 3; n++) await journey(front, token);
      expect(used()).not.toContain(address);
      if (act === "machine kill") await startStopped(SITE, place);
      else driver(["partition", "heal", SITE, lost]);
      await journey(front, token);
      // Long enough for the health check to take it back, before the other is lost.
      await new Promise((done) => setTimeout(done, 6000));
    }
  },
  5 * MINUTE,
);

test(
  "destroy leaves nothing",
  async () => {
    await destroy(stack, place);
    expect(nothingLeft(SITE)).toEqual([]);
  },
  3 * MINUTE,
);

/** Posts until one arrives. */
async function posted(front: ReturnType<typeof door>, limitSeconds: number): Promise<void> {
  const end = Date.now() + limitSeconds * 1000;
  for (;;) {
    try {
      return void (await journey(front, token, 5));
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}
