// The machine of PostgreSQL's primary gives etcd's leadership away, and only then, and only to a member that is well.

import { ScriptRoom } from "./script-room";

const CURL = `file=$ROOT/http/\${*: -1}
file=\${file/http:\\/\\//}
[ -e "$file" ] || exit 7
[[ " $* " = *" -o "* ]] || cat "$file"`;
const CONSOLE = `case $* in
  "member list") printf '%s\\n' "1a, started, database-1, http://database-1:2380, , false" "2b, started, database-2, http://database-2:2380, , false" \\
    "3c, started, pool-1, http://pool-1:2380, , false" ;;
  move-leader*) did "$*"; [ ! -e $ROOT/refuses ] ;;
  *) exit 1 ;;
esac`;

async function ran(answers: Readonly<Record<string, string>>) {
  const room = new ScriptRoom("etcd-leader.sh", { curl: CURL, console: CONSOLE });
  try {
    for (const [url, text] of Object.entries(answers)) room.write(`http/${url}`, `${text}\n`);
    const values = { SELF: "database-1", MEMBERS: "database-1 database-2 pool-1", PATRONI_PORT: 8008, ETCD_PORT: 2379 };
    const { status, said, did } = await room.run({ ...values, CONSOLE: room.at("bin/console") });
    return { status, said, did };
  } finally {
    room.remove();
  }
}

const leads = (is: 0 | 1) => ({ "127.0.0.1:2379/metrics": `# TYPE etcd_server_is_leader gauge\netcd_server_is_leader ${is}` });
const primary = { "127.0.0.1:8008/primary": "{}" };
const well = (name: string) => ({ [`${name}:2379/health`]: '{"health":"true","reason":""}' });
const given = (name: string, id: string) => ({
  status: 0,
  said: [`<5>etcd: ${name} leads now, since this machine has the primary of PostgreSQL`],
  did: [`move-leader ${id}`],
});
const nothing = { status: 0, said: [], did: [] };

test("gives it to the first other member that is well", async () => {
  expect(await ran({ ...primary, ...leads(1), ...well("database-2"), ...well("pool-1") })).toEqual(given("database-2", "2b"));
  expect(await ran({ ...primary, ...leads(1), ...well("pool-1") })).toEqual(given("pool-1", "3c"));
});

test("does nothing as a standby, without the leadership, or without its own etcd", async () => {
  expect(await ran({ ...leads(1), ...well("database-2") })).toEqual(nothing);
  expect(await ran({ ...primary, ...leads(0), ...well("database-2") })).toEqual(nothing);
  expect(await ran({ ...primary, ...well("database-2") })).toEqual(nothing);
});

test("keeps it while no other member is well, and gives it to no other primary", async () => {
  expect(await ran({ ...primary, ...leads(1) })).toEqual(nothing);
  expect(
    await ran({ ...primary, ...leads(1), ...well("database-2"), "database-2:8008/primary": "{}", ...well("pool-1") }),
  ).toEqual(given("pool-1", "3c"));
});
