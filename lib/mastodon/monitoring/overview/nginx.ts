// nginx' server for the overview page and for what reads metrics:
// `overviewNginx({ listen: "127.0.0.1:9080", directory, prometheus: "…", alertmanager: "…" })`. It only reads: nothing that
// changes or stops Prometheus or Alertmanager has a way through it.

export interface OverviewNginxPlan {
  /** The address and port, such as `127.0.0.1:9080`. */
  readonly listen: string;
  /** Where Prometheus and Alertmanager listen, such as `127.0.0.1:9090`. */
  readonly prometheus: string;
  readonly alertmanager: string;
  /** Where the page's files are. */
  readonly directory: string;
  /**
   * Names by which the machine is addressed besides `localhost`, such as its own and its address. A request with another one is refused: otherwise
   * any web site could point a name of its own at this server and read it through the browser of an administrator.
   */
  readonly names?: readonly string[];
}

/** The page's files, and no other of its directory. */
export const OVERVIEW_FILES: readonly string[] = ["index.html", "overview.css", "overview.js", "site.json"];

/** What the page asks, and what a Grafana asks whose data source has the method GET. */
const PROMETHEUS_READS = "query|query_range|labels|label/[A-Za-z_][A-Za-z0-9_]*/values|series|metadata|status/buildinfo";

const HEADERS = [
  "Content-Security-Policy \"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\"",
  "Cross-Origin-Resource-Policy same-origin",
  "Referrer-Policy no-referrer",
  "X-Content-Type-Options nosniff",
  "Cache-Control no-cache",
];

/** The text of the server blocks. */
export function overviewNginx({ listen, prometheus, alertmanager, directory, names = [] }: OverviewNginxPlan): string {
  const files = OVERVIEW_FILES.map((name) => name.replaceAll(".", "\\.")).join("|");
  return `server {
  listen ${listen} default_server;
  default_type text/plain;
  return 421 "Open this page by the name of its machine, or by localhost.\\n";
}

server {
  listen ${listen};
  server_name ${["localhost", "127.0.0.1", "[::1]", ...names].join(" ")};
  root ${directory};
  index index.html;
  access_log off;
  gzip on;
  gzip_types application/javascript application/json text/css text/javascript;
  client_max_body_size 1k;
${HEADERS.map((header) => `  add_header ${header} always;\n`).join("")}
  if ($request_method !~ ^(GET|HEAD)$) {
    return 405;
  }
  location = / {
  }
  location ~ ^/(${files})$ {
  }
  location ~ ^/prometheus/(api/v1/(?:${PROMETHEUS_READS}))$ {
    ${proxied(prometheus)}
  }
  location ~ ^/alertmanager/(api/v2/alerts)$ {
    ${proxied(alertmanager)}
  }
  location / {
    return 404;
  }
}
`;
}

function proxied(address: string): string {
  return [
    `proxy_pass http://${address}/$1$is_args$args;`,
    "proxy_pass_request_body off;",
    'proxy_set_header Content-Length "";',
    // Both allow every web site to read them through an administrator's browser.
    "proxy_hide_header Access-Control-Allow-Origin;",
    "proxy_connect_timeout 2s;",
    "proxy_read_timeout 30s;",
  ].join("\n    ");
}
