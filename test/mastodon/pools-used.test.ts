// What the monitoring machine says of pools, with answers of Prometheus that are made up, and what it then tells CloudWatch.

import { PROMETHEUS_WEB_PORT } from "../../lib/mastodon/ports";
import { USED_PERCENT } from "../../lib/mastodon/monitoring/rules-used";
import { ScriptRoom } from "./script-room";

const curl = 'printf "curl" >>$ROOT/did; printf " <%s>" "$@" >>$ROOT/did; echo >>$ROOT/did; cat $ROOT/answer';
const aws = 'printf "aws" >>$ROOT/did; printf " <%s>" "$@" >>$ROOT/did; echo >>$ROOT/did';
const FAILS = { curl: "echo 'curl: (7) Failed to connect to 127.0.0.1 port 9090' >&2; exit 7" };
const VALUES = { QUERY: USED_PERCENT, PORT: PROMETHEUS_WEB_PORT };

/** As Prometheus answers a query that is no range. */
const answer = (values: Readonly<Record<string, string>>) =>
  JSON.stringify({
    status: "success",
    data: {
      resultType: "vector",
      result: Object.entries(values).map(([pool, value]) => ({ metric: { pool }, value: [1_795_000_000.123, value] })),
    },
  });

const rooms: ScriptRoom[] = [];
afterEach(() => rooms.splice(0).forEach((room) => room.remove()));

function room(file: string, commands: Readonly<Record<string, string>>): ScriptRoom {
  const made = new ScriptRoom(file, commands);
  rooms.push(made);
  return made;
}

describe("what Prometheus knows", () => {
  const says = async (text: string, commands: Readonly<Record<string, string>> = { curl }) => {
    const here = room("../monitoring/pools-used.sh", commands);
    here.write("answer", text);
    return here.run(VALUES);
  };

  test("it is asked once, and each pool is a line with one decimal at most", async () => {
    expect(await says(answer({ web: "61.53333333333333", streaming: "0", huge: "200", least: "6.1e-05" }))).toEqual({
      status: 0,
      said: ["web 61.5", "streaming 0", "huge 200", "least 0"],
      turns: 0,
      did: [
        "curl <-fsS> <-m> <10> <--data-urlencode> " +
          "<query=100 * max by (pool) (avg_over_time(pool:mastodon_used:ratio[1m]))> <http://127.0.0.1:9090/api/v1/query>",
      ],
    });
  });

  test("nothing is said of a pool without a number, nor if there is none at all", async () => {
    expect(await says(answer({ web: "NaN", streaming: "+Inf", other: "12" }))).toMatchObject({ status: 0, said: ["other 12"] });
    expect(await says(answer({}))).toMatchObject({ status: 0, said: [] });
  });

  test("a Prometheus that does not answer is an error, and so is an answer that is none", async () => {
    expect(await says("", FAILS)).toMatchObject({ status: 7, said: ["curl: (7) Failed to connect to 127.0.0.1 port 9090"] });
    const odd = await says('{"status":"error","errorType":"execution","error":"query timed out"}');
    expect({ ...odd, said: odd.said.length }).toMatchObject({ status: 5, said: 1 });
  });
});

describe("what CloudWatch is told", () => {
  const told = async (program: string, commands: Readonly<Record<string, string>> = { aws }) => {
    const here = room("../../clouds/aws/pools-used.sh", commands);
    here.write("bin/measured", `#!/bin/bash\n${program}\n`, 0o755);
    return here.run({
      PROGRAM: here.at("bin/measured"),
      REGION: "eu-central-1",
      NAMESPACE: "cdktf-mastodon/social",
      METRIC: "Used",
      DIMENSION: "Pool",
      UNIT: "Percent",
    });
  };
  const CALL =
    "aws <cloudwatch> <put-metric-data> <--region> <eu-central-1> <--namespace> <cdktf-mastodon/social> " +
    "<--cli-connect-timeout> <10> <--cli-read-timeout> <10> <--metric-data>";

  test("one request has the numbers of all pools", async () => {
    expect(await told("echo web 61.5; echo streaming 0")).toEqual({
      status: 0,
      said: [],
      turns: 0,
      did: [
        `${CALL} <MetricName=Used,Dimensions=[{Name=Pool,Value=web}],Unit=Percent,Value=61.5> ` +
          "<MetricName=Used,Dimensions=[{Name=Pool,Value=streaming}],Unit=Percent,Value=0>",
      ],
    });
  });

  test("nothing is published while nothing is known", async () => {
    expect(await told(":")).toEqual({ status: 0, said: [], turns: 0, did: [] });
  });

  test("what cannot be measured is published by nobody, and is an error in the journal", async () => {
    expect(await told("echo web 12; echo 'curl: (7) Failed to connect' >&2; exit 7")).toEqual({
      status: 1,
      said: ["<3>how much of the pools is used is not known: curl: (7) Failed to connect"],
      turns: 0,
      did: [],
    });
  });

  test("what CloudWatch does not take is an error in the journal", async () => {
    const refused = "printf '\\nAn error occurred (AccessDenied) when calling the PutMetricData operation' >&2; exit 254";
    expect(await told("echo web 12", { aws: refused })).toEqual({
      status: 1,
      said: [
        "<3>CloudWatch did not take how much of the pools is used: An error occurred (AccessDenied) when calling the PutMetricData operation",
      ],
      turns: 0,
      did: [],
    });
  });
});
