// Writers of rows, some five in a second, that go on while PostgreSQL is lost: `const writer = await writeRows(scene, { through: "pooler" })`.

import { AS_POSTGRES, SECRETS } from "../lib/mastodon/programs/postgres-names";
import { POSTGRES_PORT } from "../lib/mastodon/ports";
import { SQL_COMMAND } from "../lib/mastodon/programs/prepare";
import { Scene } from "./drill";
import { Host } from "./hosts";
import { Row, rowsOf } from "./rows";
import { Going, Site } from "./site";

/**
 * Through the pooler, or what else Mastodon writes by, with a new session for each row; on the machine itself, through its socket; or over one
 * session from another database machine straight to a PostgreSQL, which is opened anew only when it broke. Web machines may not go there.
 */
export type Way = { readonly through: "pooler" } | { readonly inside: Host } | { readonly straight: Host; readonly from: Host };

export interface RowWriter {
  /** What it was told so far. */
  readonly rows: () => readonly Row[];
  /** Stops it; all that it was told. */
  readonly end: () => Promise<readonly Row[]>;
  /** The numbers of its rows that are in the database now. */
  readonly there: () => Promise<ReadonlySet<string>>;
}

const TABLE = "drill_rows";
let writers = 0;

/** One that has not written before something is broken would see nothing of it. */
const BEGUN_SECONDS = 15;

/** Has written when this returns, and ends with the drill at the latest. */
export async function writeRows(scene: Scene, way: Way): Promise<RowWriter> {
  const { site } = scene;
  await site.sql(`CREATE TABLE IF NOT EXISTS ${TABLE} (writer text, n int, PRIMARY KEY (writer, n))`);
  // A drill that has failed may leave no PostgreSQL to ask.
  scene.later(() => site.sql(`DROP TABLE IF EXISTS ${TABLE}`).then(undefined, () => undefined));
  const name = `${process.pid}-${Date.now()}-${writers++}`;
  const going = await started(site, way, name);
  scene.later(async () => void (await going.end()));
  await scene.until(() => rowsOf(going.lines).some(({ yes }) => yes), BEGUN_SECONDS);
  return {
    rows: () => rowsOf(going.lines),
    end: async () => rowsOf(await going.end()),
    there: async () => new Set((await site.sql(`SELECT n FROM ${TABLE} WHERE writer = '${name}'`)).map(([n]) => n!)),
  };
}

async function started(site: Site, way: Way, name: string): Promise<Going> {
  if ("inside" in way) return site.start(way.inside.name, INSIDE, name);
  if ("straight" in way) return site.start(way.from.name, STRAIGHT, name, way.straight.address);
  return site.start((await site.web()).name, THROUGH, name);
}

/** `row NAME N`: the statement; it returns who has written. */
const ROW = `
trap '' PIPE
row() { echo "insert into ${TABLE} values ('$1', $2) returning coalesce(host(inet_server_addr()), 'local')"; }
now() { date +%s%3N; }`;

// What went wrong, in one word.
const LOOP = `${ROW}
end=$((SECONDS + 600)) n=0
while [ $SECONDS -lt $end ]; do
  read -r -t 0.2 _
  [ $? -gt 128 ] || break
  n=$((n + 1))
  said=$(write "$(row "$1" $n)" 2>&1)
  status=$?
  case $status in
    0) echo "$(now) $n yes $said" ;;
    124) echo "$(now) $n no-answer" ;;
    *) echo "$(now) $n $(head -n 1 <<<"$said" | sed 's/.*\\(FATAL\\|ERROR\\|error\\): *//; s/[^A-Za-z]\\+/-/g' | cut -c 1-80)" ;;
  esac
done`;

export const THROUGH = `
write() { timeout 2 ${SQL_COMMAND} /etc/mastodon/web.env -XAtqc "$1"; }
${LOOP}`;

export const INSIDE = `
write() { timeout 2 ${AS_POSTGRES} psql -XAtqc "$1" mastodon; }
${LOOP}`;

// One statement after the other, and each has its answer first: what is sent to a machine that stands still is done when it goes on. psql holds back
// what it prints, but not its warnings.
export const STRAIGHT = `${ROW}
. ${SECRETS}
export PGPASSWORD=$DATABASE_PASSWORD
end=$((SECONDS + 600)) n=0 open=
close() { exec {to}>&- {from}<&-; open=; }
while [ $SECONDS -lt $end ]; do
  read -r -t 0.2 _
  [ $? -gt 128 ] || break
  n=$((n + 1))
  if [ -z "$open" ]; then
    coproc DB { exec psql -XAtq "host=$2 port=${POSTGRES_PORT} user=mastodon dbname=mastodon connect_timeout=2" 2>&1 >/dev/null; }
    exec {to}>&"\${DB[1]}" {from}<&"\${DB[0]}" || continue
    eval "exec \${DB[1]}>&-"
    open=yes
  fi
  printf '\\\\set at no\\n%s \\\\gset\\n\\\\warn told :at\\n' "$(row "$1" $n | sed 's/$/ as at/')" >&"$to" 2>/dev/null
  said=
  while IFS= read -r -t 90 said <&"$from"; do case $said in "told "*) break ;; esac; done
  case $said in
    "told no") echo "$(now) $n refused" ;;
    "told "*) echo "$(now) $n yes \${said#told }" ;;
    *) echo "$(now) $n lost" && close ;;
  esac
done`;
