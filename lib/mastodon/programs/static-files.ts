// Serves the files that browsers load, such as scripts and styles, by nginx instead of Puma: `staticFiles(program, plan)` copies them out of the
// image, and `staticLocations(plan)` are their locations.

import { join } from "node:path";
import { Program } from "../../core/program";
import { script } from "../../core/script";
import { AT_BOOT, NEVER_GIVEN_UP, RESTARTED, unit, UnitSection } from "../../core/unit";
import { PREPARED, SQL_COMMAND } from "./prepare";

export interface StaticFilesPlan {
  readonly image: string;
  /** The env file with the connection to the database. */
  readonly envFile: string;
  /** The unit of Puma. */
  readonly webUnit: string;
  /** How long packs and assets of another release are kept after its last web machine. */
  readonly keptSeconds: number;
}

const DIRECTORY = "/var/lib/mastodon-static-files";
/** Where the image has them: `Rails.public_path`. */
const PUBLIC = "/opt/mastodon/public";
/** How often a machine asks which releases are served. */
const TURN_SECONDS = 10;
/** How long a new machine waits for others to fetch its files. A pull of Mastodon's image takes one to two minutes. */
const LIMIT_SECONDS = 300;
/** After a failed fetch. */
const RETRY_SECONDS = 300;
const COMMAND = "/usr/local/sbin/mastodon-static-files";
const SAYS = "/run/mastodon-static-files";
const BOOT = "mastodon-static-files.service";
const FOLLOW = "mastodon-other-releases.service";

/** Puma starts once the machine has its files, and the other machines have them too. */
export const STATIC_FILES: UnitSection = { Requires: BOOT, After: BOOT };

export function staticFiles(program: Program, { image, envFile, webUnit, keptSeconds }: StaticFilesPlan): void {
  const content = script(join(__dirname, "static-files.sh"), {
    IMAGE: image,
    ENV_FILE: envFile,
    WEB_UNIT: webUnit,
    // While another machine serves it, an image is served: it says so every turn.
    KEPT_SECONDS: Math.max(keptSeconds, 6 * TURN_SECONDS),
    DIRECTORY,
    PUBLIC,
    TURN_SECONDS,
    LIMIT_SECONDS,
    RETRY_SECONDS,
    SQL_COMMAND,
    SAYS,
  });
  program
    .add({ kind: "file", path: COMMAND, content, mode: "0755" })
    .add({
      kind: "file",
      path: `/etc/systemd/system/${BOOT}`,
      content: unit({
        Unit: [{ Description: "The files of Mastodon's image that browsers load", ...NEVER_GIVEN_UP }, PREPARED],
        // direct: without it a first failure would fail Puma's unit, which requires this one, for good.
        Service: {
          Type: "oneshot",
          RemainAfterExit: true,
          Restart: "on-failure",
          RestartMode: "direct",
          RestartSec: 5,
          ExecStart: `${COMMAND} boot`,
          TimeoutStartSec: "infinity",
        },
      }),
    })
    .add({
      kind: "file",
      path: `/etc/systemd/system/${FOLLOW}`,
      content: unit({
        Unit: [{ Description: "Packs and assets of Mastodon's other releases", ...NEVER_GIVEN_UP }, STATIC_FILES],
        Service: { ExecStart: `${COMMAND} follow`, ...RESTARTED, RestartSec: 5 },
        Install: AT_BOOT,
      }),
    })
    .add({ kind: "start", units: [FOLLOW] })
    .readyWhen(`{ ! cat ${SAYS} 2>/dev/null; }`);
}

const YEARS = "max-age=63072000; includeSubDomains";
// Mastodon's own values, in its `dist/nginx.conf` and its middleware for public files; they are the same from 4.1 to 4.7.
const WEEKS = "public, max-age=2419200, must-revalidate";
const WORKER = "public, max-age=604800, must-revalidate";
const UPLOADS = "public, max-age=2419200, immutable";

export interface StaticLocationsPlan {
  /** Headers of all responses, as in `X-Served-By $hostname`. */
  readonly headers: readonly string[];
  /** The named location that asks Puma. */
  readonly puma: string;
  /** The directory of users' files on this machine, and the path under which browsers load them; without one they are in an object store. */
  readonly uploads: { readonly path: string; readonly directory: string } | undefined;
}

// The folders of 4.1 to 4.7: `shortcuts` ends with 4.6, where `ocr` begins.
const FOLDERS = "assets|avatars|emoji|headers|ocr|packs|shortcuts|sounds";

/** A request for a file in one of Mastodon's folders never reaches Puma; a file beside them, such as `/robots.txt`, is served if there is one. */
export function staticLocations({ headers, puma, uploads }: StaticLocationsPlan): readonly string[] {
  // A location with a header of its own has no others.
  const added = (cached: string, ...further: readonly string[]) =>
    [...headers, `Cache-Control "${cached}"`, `Strict-Transport-Security "${YEARS}"`, ...further].map(
      (header) => `    add_header ${header};`,
    );
  const compressed = ["    gzip_static on;", "    brotli_static on;"];
  return [
    `  root ${DIRECTORY}/own;`,
    // Not named by its content, so a newer one has to reach browsers soon.
    "  location ^~ /sw.js {",
    ...added(WORKER),
    ...compressed,
    "    try_files $uri =404;",
    "  }",
    `  location ~ ^/(${FOLDERS})/ {`,
    ...added(WEEKS),
    ...compressed,
    "    try_files $uri @other-releases;",
    "  }",
    "  location @other-releases {",
    `    root ${DIRECTORY}/others;`,
    ...added(WEEKS),
    ...compressed,
    "    try_files $uri =404;",
    "  }",
    ...(uploads === undefined
      ? []
      : [
          `  location ^~ ${uploads.path}/ {`,
          `    alias ${uploads.directory}/;`,
          ...added(UPLOADS, "X-Content-Type-Options nosniff", `Content-Security-Policy "default-src 'none'; form-action 'none'"`),
          "  }",
        ]),
    "  location / {",
    ...added(WEEKS),
    ...compressed,
    `    try_files $uri ${puma};`,
    "  }",
  ];
}
