// The streaming server of cdktf-mastodon's stand-in: delivers to browsers what Sidekiq publishes in Redis.

import { chmodSync, rmSync } from "node:fs";
import { connectDatabase } from "./database.js";
import { serveHttp } from "./http.js";
import { Hub } from "./hub.js";
import { log } from "./log.js";
import { Metrics } from "./metrics.js";
import { connectRedis } from "./redis.js";
import { STREAMS } from "./streams.js";
import { serveWebSockets } from "./websocket.js";

// As the real one: no draining, and exit code 0 even after a crash, so that only a supervisor with "always" restarts it.
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
process.on("uncaughtException", (error) => {
  log.error("uncaughtException", { err: error.stack });
  process.exit(0);
});

log.info("this is cdktf-mastodon's stand-in, not Mastodon");
const { env } = process;
const database = connectDatabase(env);
const hub = new Hub(connectRedis(env, "subscriptions"), connectRedis(env, "commands"), () => (metrics.received += 1));
const metrics = new Metrics(database, hub, STREAMS);
const server = serveHttp({ database, hub, metrics });
serveWebSockets(server, { database, hub, metrics });

if (env.SOCKET) {
  rmSync(env.SOCKET, { force: true });
  server.listen(env.SOCKET, () => {
    chmodSync(env.SOCKET, 0o666);
    log.info(`streaming listens on ${env.SOCKET}`);
  });
} else {
  const port = Number.parseInt(env.PORT, 10) || 4000;
  const address = (env.BIND || "127.0.0.1").replace(/^\[(.*)\]$/, "$1");
  server.listen(port, address, () => log.info(`streaming listens on ${address}:${port}`));
}
