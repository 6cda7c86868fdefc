// What nginx of a web machine does by itself. How it behaves on a machine is in test/e2e.

import { App, TerraformStack } from "cdktf";
import { Postgres, Redis, Site, WebTier, WebTierProps } from "../../lib";
import { s3Objects } from "../../lib";
import { FakeCloud } from "../../lib/testing";
import { textOf } from "../../lib/core/program";
import { Queue } from "../../lib/mastodon/version";

const QUEUES: readonly Queue[] = ["default", "push", "ingress", "mailers", "pull", "scheduler"];

interface Page extends Partial<WebTierProps> {
  readonly version?: string;
  readonly stored?: boolean;
}

function page({ version = "4.7.6", stored = false, ...props }: Page = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version,
    queuesElsewhere: version >= "4.4" ? [...QUEUES, "fasp"] : QUEUES,
    ...(stored && {
      objects: s3Objects({
        bucket: "media",
        region: "eu",
        endpoint: "https://s3.example",
        access: "none",
        aliasHost: "files.example",
      }),
    }),
  });
  const data = { database: new Postgres(site, "Database"), redis: new Redis(site, "Redis") };
  const web = new WebTier(site, "Web", { ...data, ...props });
  const file = (path: string) => {
    const step = web.pool.program.steps.find((one) => one.kind === "file" && one.path === path);
    return step?.kind === "file" ? textOf(step.content) : "";
  };
  return { site, web, file, nginx: file("/etc/nginx/conf.d/mastodon.conf") };
}

/** A location by its name, without what it passes to Puma. */
function location(nginx: string, name: string): readonly string[] | undefined {
  const lines = nginx.split("\n");
  const from = lines.indexOf(`  location ${name} {`);
  if (from < 0) return undefined;
  return lines
    .slice(from + 1, lines.indexOf("  }", from))
    .map((line) => line.trim())
    .filter((line) => !/^proxy_(set_header|pass|http_version|\w+_timeout \d+s|next_upstream)\b/.test(line));
}

const SERVED_BY = "add_header X-Served-By $hostname always;";
const HSTS = 'add_header Strict-Transport-Security "max-age=63072000; includeSubDomains";';
const COMPRESSED = ["gzip_static on;", "brotli_static on;"];

test("files of the image have Mastodon's own headers, and a missing one never costs a thread of Puma", () => {
  const { nginx } = page();
  const weeks = [SERVED_BY, 'add_header Cache-Control "public, max-age=2419200, must-revalidate";', HSTS, ...COMPRESSED];
  expect(nginx).toContain("\n  root /var/lib/mastodon-static-files/own;\n");
  expect(location(nginx, "~ ^/(assets|avatars|emoji|headers|ocr|packs|shortcuts|sounds)/")).toEqual([
    ...weeks,
    "try_files $uri @other-releases;",
  ]);
  expect(location(nginx, "@other-releases")).toEqual([
    "root /var/lib/mastodon-static-files/others;",
    ...weeks,
    "try_files $uri =404;",
  ]);
  expect(location(nginx, "^~ /sw.js")).toEqual([
    SERVED_BY,
    'add_header Cache-Control "public, max-age=604800, must-revalidate";',
    HSTS,
    ...COMPRESSED,
    "try_files $uri =404;",
  ]);
  expect(location(nginx, "/")).toEqual([...weeks, "try_files $uri @puma;"]);
});

test("uploads are served from the site's own directory, and can run nothing; in an object store they are not nginx'", () => {
  expect(location(page().nginx, "^~ /system/")).toEqual([
    "alias /srv/files/system/;",
    SERVED_BY,
    'add_header Cache-Control "public, max-age=2419200, immutable";',
    HSTS,
    "add_header X-Content-Type-Options nosniff;",
    `add_header Content-Security-Policy "default-src 'none'; form-action 'none'";`,
  ]);
  expect(location(page({ stored: true }).nginx, "^~ /system/")).toBeUndefined();
  // Served elsewhere.
  expect(page({ extraEnv: { PAPERCLIP_ROOT_URL: "https://files.example/" } }).nginx).not.toContain("alias");
  expect(location(page({ extraEnv: { PAPERCLIP_ROOT_URL: "/files" } }).nginx, "^~ /files/")).toContain(
    "alias /srv/files/system/;",
  );
});

test("an answer of Puma is kept as Mastodon says, for those who have neither a cookie nor a token", () => {
  const { nginx } = page();
  expect(location(nginx, "@puma")).toEqual([
    "limit_req zone=search burst=120 nodelay;",
    "limit_req zone=sign_up burst=10 nodelay;",
    "limit_req zone=upload burst=60 nodelay;",
    "proxy_cache pages;",
    'proxy_cache_key "$forwarded_proto $host $request_uri";',
    "proxy_cache_use_stale error timeout http_502 http_503 http_504;",
    "proxy_cache_background_update on;",
    "proxy_cache_lock on;",
    "proxy_cache_lock_timeout 500ms;",
    "proxy_cache_bypass $not_kept $has_body;",
    "proxy_no_cache $not_kept $has_body;",
    "proxy_buffer_size 16k;",
    "proxy_buffers 8 16k;",
    "proxy_hide_header X-RateLimit-Limit;",
    "proxy_hide_header X-RateLimit-Remaining;",
    "proxy_hide_header X-RateLimit-Reset;",
    "add_header X-RateLimit-Limit $said_limit always;",
    "add_header X-RateLimit-Remaining $said_remaining always;",
    "add_header X-RateLimit-Reset $said_reset always;",
    "add_header X-Cached $upstream_cache_status always;",
    "proxy_hide_header X-Served-By;",
    SERVED_BY,
  ]);
  expect(nginx).toContain(
    "proxy_cache_path /var/cache/mastodon-pages levels=1:2 keys_zone=pages:10m inactive=1h max_size=1024m use_temp_path=off;\n",
  );
  // What it asks Puma for has no encoding, so that one answer serves all.
  expect(nginx).toContain('proxy_set_header Accept-Encoding "";\n');
});

test("a client cannot say under which name, port or scheme it asked: nginx would keep the page for all", () => {
  const [puma] = /location @puma \{[^]*?\n {2}\}/.exec(page().nginx)!;
  const emptied = [...puma.matchAll(/proxy_set_header (\S+) "";/g)].map(([, name]) => name);
  expect(emptied.sort()).toEqual([
    "Accept-Encoding",
    "Client-Ip",
    "Forwarded",
    "Proxy",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Scheme",
    "X-Forwarded-Ssl",
  ]);
});

test("what Mastodon says is gone replaces what was kept, so that nobody sees it again while Puma is busy", () => {
  const [queue] = /\nbackend puma\n[^]*?\n\n/.exec(page().file("/etc/haproxy/haproxy.cfg"))!;
  expect(queue).toContain("\n  http-response set-header X-Accel-Expires 1 if { status 403 404 410 }\n");
});

test("without a cache every request goes to Puma", () => {
  const { nginx } = page({ cacheMib: 0 });
  expect(nginx).not.toMatch(/proxy_cache|\$not_kept|\$said_|X-Cached/);
  expect(nginx).toContain("location @puma {\n    proxy_pass http://mastodon;\n");
});

test("limits count the real client, and nobody whose address is a proxy's", () => {
  const { nginx } = page({ trustedProxies: ["203.0.113.0/24"], limitsPerMinute: { search: 30, signUp: 0 } });
  expect(nginx).toContain(
    "geo $client_known {\n  default 1;\n  127.0.0.0/8 0;\n  ::1 0;\n  10.20.0.0/16 0;\n  203.0.113.0/24 0;\n}\n",
  );
  expect([...nginx.matchAll(/^limit_req_zone (.*);$/gm)].map(([, zone]) => zone)).toEqual([
    "$client_search zone=search:10m rate=30r/m",
    "$client_upload zone=upload:10m rate=60r/m",
  ]);
  expect(location(nginx, "@puma")!.filter((line) => line.startsWith("limit_req"))).toEqual([
    "limit_req zone=search burst=30 nodelay;",
    "limit_req zone=upload burst=60 nodelay;",
  ]);
  const none = page({ limitsPerMinute: { search: 0, signUp: 0, upload: 0 } }).nginx;
  expect(none).not.toMatch(/limit_req|\$client_|429/);
});

test.each([
  ["4.1.17", "41m"],
  ["4.2.13", "100m"],
  ["4.7.6", "100m"],
])("Mastodon %s gets bodies of %s, its largest file and a form around it", (version, most) => {
  expect(page({ version }).nginx).toContain(`client_max_body_size ${most};\n`);
});

test("Puma starts after the machine has its files, and they are kept as long as the page says", () => {
  const { file } = page({ oldAssetsMinutes: 90 });
  expect(file("/etc/containers/systemd/mastodon-web.container")).toContain(
    "Requires=mastodon-static-files.service\nAfter=mastodon-static-files.service\n",
  );
  const said = file("/usr/local/sbin/mastodon-static-files");
  expect(said).toContain("\nIMAGE='ghcr.io/mastodon/mastodon:v4.7.6'\n");
  expect(said).toContain("\nKEPT_SECONDS='5400'\n");
  // A roll-out needs them for as long as it lasts.
  expect(page({ oldAssetsMinutes: 0 }).file("/usr/local/sbin/mastodon-static-files")).toContain("\nKEPT_SECONDS='60'\n");
});

test.each<[string, Partial<WebTierProps>, string]>([
  ["a cache of no size", { cacheMib: -1 }, "cacheMib is -1 / use a whole number from 0 to 65536"],
  ["half a search", { limitsPerMinute: { search: 0.5 } }, "limitsPerMinute.search is 0.5 / use a whole number from 0 to 6000"],
  ["more than a week", { oldAssetsMinutes: 10_081 }, "oldAssetsMinutes is 10081 / use a whole number from 0 to 10080"],
])("%s is refused", (_, props, said) => {
  expect(page(props).site.problems.all()).toEqual([`stack/Social/Web: ${said}`]);
});
