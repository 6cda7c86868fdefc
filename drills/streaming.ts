// Streaming: one process is killed, and one machine loses power. Clients must reconnect and get events again.

import { Drill, pause, UNDISTURBED } from "./drill";

// The front door probes a connection after five seconds of silence, three times every two. A client tries again after four at most.
const SEEN_SECONDS = 5 + 3 * 2 + 1;
const BACK_SECONDS = 10;

export const streamingProcess: Drill = {
  name: "streaming-process",
  title: "one streaming process is killed",
  act: async (scene) => {
    const [host] = await scene.site.with("streaming");
    const name = "name=$(podman ps --format '{{.Names}}' | grep '^mastodon-streaming-' | sort | head -n 1)";
    const killed = await scene.strike(() =>
      scene.site.on(host!.name, `${name}; kill -9 "$(podman inspect -f '{{.State.Pid}}' "$name")"; echo "$name"`),
    );
    scene.say(`${host!.name}: ${killed.trim()} killed`);
    await pause(20);
    return {};
  },
  limits: { ...UNDISTURBED, reconnectSeconds: BACK_SECONDS },
};

export const streamingPower: Drill = {
  name: "streaming-power",
  title: "a streaming machine loses power; if it is the only one, it comes back after 15 s",
  act: async (scene) => {
    const hosts = await scene.site.with("streaming");
    const { name } = hosts[0]!;
    await scene.strike(() => scene.kill(name));
    await pause(15);
    if (hosts.length === 1) await scene.start(name);
    await pause(15);
    return hosts.length === 1 ? { limits: { reconnectSeconds: 15 + 30 } } : {};
  },
  limits: { ...UNDISTURBED, eventsMissedWithinSeconds: SEEN_SECONDS, reconnectSeconds: SEEN_SECONDS + BACK_SECONDS },
};
