// What the programs of a machine say of the files that were rendered for them: `readersOf("social", "web-1-ab12cd")` must be empty.

import { spawnSync } from "node:child_process";
import { driver } from "../../scripts/cluster";

interface Reader {
  readonly name: string;
  /** Ends with 0 where the machine has nothing of the kind, too. */
  readonly script: string;
}

const READERS: readonly Reader[] = [
  { name: "cloud-init", script: "cloud-init schema --system --annotate" },
  { name: "boot", script: "cloud-init status --wait >/dev/null" },
  { name: "failed units", script: 'test -z "$(systemctl list-units --state=failed --no-legend | tee /dev/stderr)"' },
  {
    name: "systemd",
    script:
      "units=$(find /etc/systemd/system -maxdepth 1 -type f -name '*.service'); [ -z \"$units\" ] || systemd-analyze verify --man=no --recursive-errors=no $units",
  },
  {
    name: "Quadlet",
    script: "[ ! -d /etc/containers/systemd ] || /usr/lib/systemd/system-generators/podman-system-generator --dryrun >/dev/null",
  },
  { name: "nginx", script: "! command -v nginx >/dev/null || [ ! -e /etc/nginx/conf.d/mastodon.conf ] || nginx -t -q" },
  { name: "HAProxy", script: "! command -v haproxy >/dev/null || haproxy -c -q -f /etc/haproxy/haproxy.cfg" },
  {
    name: "logrotate",
    script:
      "[ ! -e /etc/logrotate.d/00-mastodon ] || { systemctl is-active -q logrotate.timer && systemctl start logrotate.service && logrotate -d /etc/logrotate.conf 2>&1 | grep 'rotating pattern: /var/log/nginx/' | grep 'log files >= 67108864 are rotated earlier' >/dev/null; }",
  },
  {
    name: "PostgreSQL's log, without Patroni",
    script:
      "[ ! -e /etc/postgresql/17/main/conf.d/50-mastodon.conf ] || journalctl -q -u postgresql@17-main -o cat | grep 'database system is ready to accept connections' >/dev/null",
  },
  // It tells of a line that it cannot read, and goes on without it.
  { name: "journald", script: "! journalctl -q -o cat --no-pager | grep -E 'zz-mastodon.conf:[0-9]+: '" },
  { name: "rsyslog", script: "! command -v rsyslogd >/dev/null || rsyslogd -N1 -f /etc/rsyslog.conf" },
  { name: "nftables", script: "nft -c -f /etc/nftables.conf" },
  {
    name: "PgBouncer",
    script:
      "[ ! -e /usr/local/bin/pgbouncer-console ] || { systemctl is-active -q pgbouncer@1 && systemctl is-active -q pgbouncer@2; }",
  },
  {
    name: "PostgreSQL",
    script:
      "[ ! -e /var/lib/postgresql/17/main/PG_VERSION ] || test -z \"$(runuser -u postgres -- psql -Atc 'select name, error from pg_file_settings where error is not null' | tee /dev/stderr)\"",
  },
  {
    name: "Patroni",
    script:
      "[ ! -e /etc/patroni/config.yml ] || (set -a && . /run/patroni.env && patroni --validate-config --ignore-listen-port /etc/patroni/config.yml)",
  },
  {
    name: "Redis",
    script:
      "for unit in $(systemctl list-units --all --plain --no-legend 'redis-server@*' redis-sentinel.service | awk '{ print $1 }'); do systemctl is-active -q $unit || echo $unit; done | (! grep .)",
  },
];

export function readersOf(site: string, machine: string): readonly string[] {
  const complaints = READERS.flatMap(({ name, script }) => {
    const { status, said } = attempt(site, machine, script);
    return status === 0 ? [] : [`${machine}, ${name}: ${said}`];
  });
  return [...complaints, ...shellcheck(site, machine)];
}

// shellcheck runs on the host: machines do not carry it.
function shellcheck(site: string, machine: string): readonly string[] {
  const scripts = driver([
    "run",
    site,
    machine,
    "--",
    "bash",
    "-c",
    "grep -lE '^#!/bin/(ba)?sh' /usr/local/sbin/* /usr/local/bin/* 2>/dev/null || true",
  ]);
  return scripts
    .split("\n")
    .filter((path) => path !== "")
    .flatMap((path) => {
      const input = driver(["run", site, machine, "--", "cat", path]);
      // What comes from a sourced file is not known here.
      const words = ["--severity=warning", "--exclude=SC1090,SC2154", "-"];
      const { status, stdout } = spawnSync("shellcheck", words, { input, encoding: "utf8" });
      return status === 0 ? [] : [`${machine}, ${path}: ${stdout}`];
    });
}

function attempt(site: string, machine: string, script: string): { readonly status: number; readonly said: string } {
  const answer = driver(["run", site, machine, "--", "bash", "-c", `(${script}) 2>&1; echo "status $?"`]);
  const lines = answer.trim().split("\n");
  return { status: Number(lines.at(-1)!.replace("status ", "")), said: lines.slice(0, -1).join("\n") };
}
