// The exporter of a host's nginx, which counts connections and requests at a port of its own on the loopback.

import { NGINX_EXPORTER_PORT, NGINX_STATUS_PORT } from "../ports";
import { Exporter } from "./exporter";
import { exporter } from "./exporter-unit";

export function nginxExporter(): Exporter {
  return {
    module: "nginx",
    job: "nginx",
    port: NGINX_EXPORTER_PORT,
    steps: [
      {
        kind: "file",
        path: "/etc/nginx/conf.d/stub-status.conf",
        content: `server {
  listen 127.0.0.1:${NGINX_STATUS_PORT};
  access_log off;
  location = /stub_status { stub_status; }
  location / { return 404; }
}
`,
      },
      ...exporter("prometheus-nginx-exporter", {
        options: [
          `--web.listen-address=127.0.0.1:${NGINX_EXPORTER_PORT}`,
          `--nginx.scrape-uri=http://127.0.0.1:${NGINX_STATUS_PORT}/stub_status`,
          "--log.level=warn",
        ],
      }),
    ],
  };
}
