// The limits of each machine's journal.

import { App, TerraformStack } from "cdktf";
import { parse } from "yaml";
import { LogsProps, Postgres, Redis, Site, SidekiqGroup } from "../../lib";
import { FakeCloud } from "../../lib/testing";

const PATH = "/etc/systemd/journald.conf.d/zz-mastodon.conf";
const CONF = `[Journal]
Storage=persistent
SystemMaxUse=1G
SystemMaxFileSize=64M
SystemKeepFree=1G
MaxRetentionSec=30day
MaxFileSec=1day
RateLimitIntervalSec=30s
RateLimitBurst=10000
ForwardToSyslog=no
`;

function page(logs?: LogsProps) {
  const cloud = new FakeCloud({ delivers: true });
  const site = new Site(new TerraformStack(new App(), "stack"), "Social", {
    cloud,
    domain: "social.example",
    version: "4.7.6",
    ...(logs !== undefined && { logs }),
  });
  const data = { database: new Postgres(site, "Database"), redis: new Redis(site, "Redis") };
  new SidekiqGroup(site, "Jobs", { threads: 5, queues: ["push"], ...data });
  return { site, cloud, hosts: [...cloud.machines, ...cloud.pools], kept: cloud.machines };
}

interface Booted {
  readonly write_files: readonly { readonly path: string; readonly permissions: string; readonly content: string }[];
}
/** Tokens differ from page to page. */
const named = (text: string) => text.replaceAll(/\$\{TfToken\[[^\]]*\]\}/g, "token");
const files = (text: string) => (parse(text) as Booted).write_files;

test("every machine, kept or of a pool, has the same limits, before anything else runs there", () => {
  const { hosts } = page();
  expect(hosts.map(({ name }) => name)).toEqual(["database-1", "redis-1", "jobs"]);
  for (const host of hosts) {
    const all = files(host.bootText());
    expect(all.filter(({ path }) => path.includes("journald"))).toEqual([{ path: PATH, permissions: "0644", content: CONF }]);
    const boot = all.find(({ path }) => path === "/usr/local/sbin/boot")!.content;
    const [first] = boot.match(/^echo "boot: (?!packages).*\n.*\n.*\n/m)!;
    expect(first).toBe('echo "boot: journal"\nsystemctl restart systemd-journald\njournalctl --flush\n');
  }
});

test("other limits: files are as large and as old as keeps their number", () => {
  for (const host of page({ keepGib: 4, keepDays: 90 }).hosts) {
    const [conf] = files(host.bootText()).filter(({ path }) => path === PATH);
    expect(conf!.content).toBe(
      CONF.replace("MaxUse=1G", "MaxUse=4G")
        .replace("FileSize=64M", "FileSize=256M")
        .replace("30day", "90day")
        .replace("=1day", "=3day"),
    );
  }
});

test("kept machines get changed limits as a setting, with one restart of the journal, and need no renewal for them", () => {
  const [before, after] = [page(), page({ keepDays: 7 })].map(({ kept }) => kept);
  for (const [n, machine] of before!.entries()) {
    expect(named(after![n]!.renewedText())).toBe(named(machine.renewedText()));
    const [, delivered] = /\n(begin 'the-journal[^\n]*\n[^]*?\nbring\n)/.exec(after![n]!.settings())!;
    expect(delivered).toBe(`begin 'the-journal' 'the journal' 'restart' 'shown'
setting '${PATH}' '0644' '' '' 'cat' <<'END'
${CONF.replace("30day", "7day")}END
check() {
:
}
take() {
systemctl restart systemd-journald
}
bring
`);
  }
});

test.each([
  [{ keepGib: 0 }, "stack/Social: logs.keepGib is 0 / use a whole number from 1 to 10"],
  [{ keepGib: 1.5 }, "stack/Social: logs.keepGib is 1.5 / use a whole number from 1 to 10"],
  [{ keepGib: 11 }, "stack/Social: logs.keepGib is 11 / use a whole number from 1 to 10"],
  [{ keepDays: 0 }, "stack/Social: logs.keepDays is 0 / use a whole number from 1 to 365"],
  [{ keepDays: 366 }, "stack/Social: logs.keepDays is 366 / use a whole number from 1 to 365"],
])("refused: %o", (logs, problem) => {
  expect(page(logs).site.problems.all()).toContain(problem);
});
