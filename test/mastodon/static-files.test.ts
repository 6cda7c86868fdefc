// Which files a web machine has, and when it begins to serve.

import { readdirSync } from "node:fs";
import { Ran, ScriptRoom } from "./script-room";

const OWN = "ghcr.io/mastodon/mastodon:v4.7.6";
const OLDER = "ghcr.io/mastodon/mastodon:v4.6.5";

// Images are folders of the room; one of another release is pulled first, and goes again.
const PODMAN = `name=\${!#}
[ "$1" != create ] || name=$4
folder=$ROOT/images/\${name//[^a-z0-9.]/-}
case "$1 $2" in
  "image exists") [ -e $folder ] && { [ $name = ${OWN} ] || [ -e $ROOT/pulled ]; } ;;
  "pull -q") did "pull $name"; [ -e $folder ] && touch $ROOT/pulled ;;
  "create --network") echo $folder >$ROOT/container; echo 1 ;;
  "mount 1") cat $ROOT/container ;;
  "umount 1") mv $ROOT/container $ROOT/unmounted ;;
  "rm 1") rm $ROOT/unmounted ;;
  "image rm") did "rm $name"; rm -f $ROOT/pulled ;;
esac`;

// The database: which other images are served, and which machines lack this one's files.
const SQL = `[ ! -e $ROOT/away ] || { echo "psql: error: connection refused" >&2; exit 2; }
text=\${*: -1}
case $text in
  *"create table"*) did tables; rm -f $ROOT/no-tables ;;
  *"update cdktf_mastodon_web set seen_at"*) did "away for a while" ;;
  *) [ ! -e $ROOT/no-tables ] || { echo 'ERROR:  relation "cdktf_mastodon_web" does not exist' >&2; exit 1; } ;;&
  *"select string_agg"*) cat $ROOT/behind 2>/dev/null ;;
  *"select image"*) for image in $(cat $ROOT/served 2>/dev/null); do grep -qE "[' ]$image[' ]" <<<"$text" || echo $image; done ;;
  *) serves=$(grep -o "insert into cdktf_mastodon_releases" <<<"$text" | wc -l)
     did "tell $(grep -o "string_to_array('[^']*'" <<<"$text" | cut -d"'" -f2) serves=$serves" ;;
esac`;

let room: ScriptRoom;

beforeEach(() => {
  room = new ScriptRoom("static-files.sh", {
    podman: PODMAN,
    sql: SQL,
    uname: "echo web-1",
    systemctl: "[ -e $ROOT/active ]",
  });
  for (const [image, version] of [
    [OWN, "4.7.6"],
    [OLDER, "4.6.5"],
  ] as const) {
    const root = `images/${image.replaceAll(/[^a-z0-9.]/g, "-")}/opt/mastodon/public`;
    room.write(`${root}/packs/application-${version}.js`, version);
    room.write(`${root}/packs/sw.js`, version);
    room.write(`${root}/assets/application-${version}.css`, version);
    room.write(`${root}/robots.txt`, "User-agent: *\n");
    room.write(`${root}/system/upload.png`, "somebody's");
  }
});
afterEach(() => room.remove());

const run = (mode: "boot" | "follow"): Promise<Ran> =>
  room.run(
    {
      IMAGE: OWN,
      ENV_FILE: "/etc/mastodon/web.env",
      WEB_UNIT: "mastodon-web.service",
      KEPT_SECONDS: 3600,
      DIRECTORY: room.at("static"),
      PUBLIC: "/opt/mastodon/public",
      TURN_SECONDS: 10,
      LIMIT_SECONDS: 6,
      RETRY_SECONDS: 300,
      SQL_COMMAND: room.at("bin/sql"),
      SAYS: room.at("says"),
    },
    mode,
  );
const files = (folder: string) => readdirSync(room.at(folder), { recursive: true }).map(String).sort();

test("a new machine copies all of its image's public files but uploads, records them, and serves", async () => {
  expect(await run("boot")).toEqual({ status: 0, said: [], turns: 0, did: [`tell ${OWN} serves=1`] });
  expect(files("static/own")).toEqual(
    ["assets", "assets/application-4.7.6.css", "packs", "packs/application-4.7.6.js", "packs/sw.js", "robots.txt"].sort(),
  );
  expect(room.read("static/images")).toBe(`${OWN}\n`);
  expect(room.read("says")).toBeUndefined();
});

test("it fetches packs and assets of a release that is served or was until lately, and nothing else of it", async () => {
  room.write("served", `${OWN} ${OLDER}\n`);
  const { status, did } = await run("boot");
  expect({ status, did }).toEqual({
    status: 0,
    did: [`tell ${OWN} serves=1`, "away for a while", `pull ${OLDER}`, `rm ${OLDER}`, `tell ${OWN} ${OLDER} serves=0`],
  });
  expect(files("static/others")).toEqual([
    "assets",
    "assets/application-4.6.5.css",
    "packs",
    "packs/application-4.6.5.js",
    "packs/sw.js",
  ]);
  // Its own worker stays what it was.
  expect(room.read("static/own/packs/sw.js")).toBe("4.7.6");
});

test("it waits until machines that serve have its files, and says for whom", async () => {
  room.write("behind", "web-2, web-3\n");
  room.turn(2, "echo web-3 >$ROOT/behind");
  room.turn(3, 'did "$(cat $ROOT/says)"; rm $ROOT/behind');
  const { status, said, turns, did } = await run("boot");
  expect({ status, said, turns }).toEqual({
    status: 0,
    said: [
      "waits until these machines have the files of its release: web-2, web-3",
      "waits until these machines have the files of its release: web-3",
    ],
    turns: 3,
  });
  // What `ready` prints meanwhile.
  expect(did.at(-1)).toBe("waits until these machines have the files of its release: web-3");
  expect(room.read("says")).toBeUndefined();
});

test("a machine that never gets them does not keep the others from serving", async () => {
  room.write("behind", "web-2\n");
  const { status, said, turns } = await run("boot");
  expect({ status, said, turns }).toEqual({
    status: 0,
    said: [
      "waits until these machines have the files of its release: web-2",
      "serves, although after 6 s these machines do not have the files of its release: web-2",
    ],
    turns: 3,
  });
});

test("without an answer of the database it serves, and says what it could not ask", async () => {
  room.write("away", "");
  const { status, said } = await run("boot");
  expect({ status, said }).toEqual({
    status: 0,
    said: ["serves, but cannot ask the database which other releases are served: psql: error: connection refused"],
  });
  expect(files("static/own")).toContain("robots.txt");
});

test("an image that cannot be had is asked for again, and the reason is said once", async () => {
  room.write("bin/podman", '#!/bin/bash\necho "Error: no such registry" >&2\nexit 125\n', 0o755);
  room.turn(3, `cat >$ROOT/bin/podman <<'END'\n#!/bin/bash\n${PODMAN}\nEND`);
  const { status, said, turns } = await run("boot");
  expect({ status, said, turns }).toEqual({
    status: 0,
    said: [`cannot copy the files of ${OWN}: Error: no such registry`],
    turns: 3,
  });
});

test("a machine that runs follows: it fetches what others begin to serve, and counts as serving only while Puma runs", async () => {
  await run("boot");
  room.write("did", "");
  room.write("turns", "0\n");
  room.turn(1, "touch $ROOT/active");
  room.turn(2, `echo ${OWN} ${OLDER} >$ROOT/served`);
  room.turn(4, "touch $ROOT/away");
  room.turn(6, "rm $ROOT/away");
  const { status, said, did } = await run("follow");
  expect(status).toBe("waits");
  expect(did.slice(0, 6)).toEqual([
    `tell ${OWN} serves=0`,
    `tell ${OWN} serves=1`,
    `tell ${OWN} serves=1`,
    // Others wait for it meanwhile, though it does not say that it is there.
    "away for a while",
    `pull ${OLDER}`,
    `rm ${OLDER}`,
  ]);
  expect(did.slice(6, 8)).toEqual([`tell ${OWN} ${OLDER} serves=0`, `tell ${OWN} ${OLDER} serves=1`]);
  expect(said).toEqual([
    `fetches the packs and assets of ${OLDER}`,
    "cannot ask the database which other releases are served: psql: error: connection refused",
  ]);
});

test("the tables are made where they are not, by a machine that boots and by one that runs", async () => {
  room.write("no-tables", "");
  expect((await run("boot")).did).toEqual(["tables", `tell ${OWN} serves=1`]);
  room.write("no-tables", "");
  room.write("did", "");
  expect((await run("follow")).did.slice(0, 2)).toEqual(["tables", `tell ${OWN} serves=0`]);
});

test("its own image stays after its files were copied: Puma runs it", async () => {
  room.write("bin/podman", `#!/bin/bash\n${PODMAN.replace(`[ $name = ${OWN} ] || `, "")}\n`, 0o755);
  const { status, did } = await run("boot");
  expect({ status, did }).toEqual({ status: 0, did: [`pull ${OWN}`, `tell ${OWN} serves=1`] });
  expect(room.read("pulled")).toBe("");
});

test("a machine that runs is ready, whatever it cannot fetch, and does not try that at each turn", async () => {
  await run("boot");
  room.write("did", "");
  room.write("turns", "0\n");
  room.write("served", `${OWN} localhost/gone:1\n`);
  const { said, did } = await run("follow");
  expect(said).toEqual([
    "fetches the packs and assets of localhost/gone:1",
    expect.stringMatching(/^cannot fetch the packs and assets of localhost\/gone:1: /),
  ]);
  expect(did.filter((line) => line.startsWith("pull"))).toEqual(["pull localhost/gone:1"]);
  expect(room.read("says")).toBeUndefined();
});
