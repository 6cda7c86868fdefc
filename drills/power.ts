// The drill `allPower`: all machines lose power at once, and start again.

import { Drill, named, pause, UNDISTURBED } from "./drill";
import { jobsInHand } from "./sidekiq";

const DARK_SECONDS = 3;
// All processes of Ruby start at the same moment. At Mastodon's cost that is 20 s of processor for each, and took 155 s on two processors.
const BACK_SECONDS = 180;
// A client of a front door that lost its power hears nothing, not even a goodbye: its own kernel asks after 45 s of silence.
const NOTICED_SECONDS = 50;

export const allPower: Drill = {
  name: "all-power",
  title: "all machines lose power at once, and get it back at once",
  act: async (scene) => {
    const hosts = await scene.site.hosts();
    const inHand = await jobsInHand(scene.site);
    await scene.strike(() => scene.kill(...named(hosts)));
    await pause(DARK_SECONDS);
    await scene.start(...named(hosts));
    const runningSeconds = scene.seconds;
    await pause(NOTICED_SECONDS - Math.min(NOTICED_SECONDS, runningSeconds));
    return {
      findings: [{ said: `all ${hosts.length} machines ran again ${runningSeconds} s after the power went` }],
      limits: { jobsLost: inHand },
    };
  },
  breaksQueries: true,
  // Whoever is up first.
  movesPrimary: true,
  limits: {
    ...UNDISTURBED,
    failuresWithinSeconds: BACK_SECONDS,
    withoutPostSeconds: BACK_SECONDS,
    eventsMissedWithinSeconds: BACK_SECONDS,
    reconnectSeconds: BACK_SECONDS,
  },
};
