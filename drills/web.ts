// The drills `webPower` and `webHang`: a web machine loses power, or its processes hang while its kernel still accepts connections.

import { Drill, pause, UNDISTURBED } from "./drill";
import { Site } from "./site";

// The front door asks every two seconds, and two unanswered questions in a row take a member out. A dead machine leaves each unanswered for
// two seconds, one that hangs takes the connection and then leaves it for five.
const DEAD_SECONDS = 2 + 2 * 2 + 2;
const HUNG_SECONDS = 2 + 2 * 5 + 2;
const WATCHED_SECONDS = 30;

async function alone(site: Site): Promise<string | undefined> {
  return (await site.with("web")).length > 1 ? undefined : "there is one web machine only: nobody else could serve";
}

export const webPower: Drill = {
  name: "web-power",
  title: "a web machine loses power",
  impossible: alone,
  act: async (scene) => {
    const { name } = await scene.site.web();
    await scene.strike(() => scene.kill(name));
    await pause(WATCHED_SECONDS);
    return {};
  },
  limits: { ...UNDISTURBED, failuresWithinSeconds: DEAD_SECONDS, withoutPostSeconds: DEAD_SECONDS },
};

export const webHang: Drill = {
  name: "web-hang",
  title: "all processes of a web machine stand still",
  impossible: alone,
  act: async (scene) => {
    const { name } = await scene.site.web();
    await scene.strike(() => scene.freeze(name));
    await pause(WATCHED_SECONDS);
    return {};
  },
  limits: { ...UNDISTURBED, failuresWithinSeconds: HUNG_SECONDS, withoutPostSeconds: HUNG_SECONDS },
};
