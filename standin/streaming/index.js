// The streaming server of cdktf-mastodon's stand-in: delivers to browsers what Sidekiq publishes in Redis.

import cluster from "node:cluster";
import { chmodSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { connectDatabase } from "./database.js";
import { serveHttp } from "./http.js";
import { Hub } from "./hub.js";
import { log } from "./log.js";
import { Metrics } from "./metrics.js";
import { connectRedis } from "./redis.js";
import { STREAMS } from "./streams.js";
import { before } from "./version.js";
import { serveWebSockets } from "./websocket.js";

// As the real one: no draining, and exit code 0 even after a crash, so that only a supervisor with "always" restarts it.
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
process.on("uncaughtException", (error) => {
  log.error("uncaughtException", { err: error.stack });
  process.exit(0);
});

log.info("this is cdktf-mastodon's stand-in, not Mastodon");
const { env } = process;
// Up to 4.1 it multiplies itself, and its database connections, unless told not to.
const workers = before("4.2") ? Number.parseInt(env.STREAMING_CLUSTER_NUM, 10) || Math.max(availableParallelism() - 1, 1) : 1;
if (workers > 1 && cluster.isPrimary) {
  log.info(`streaming starts ${workers} workers`);
  for (let n = 0; n < workers; n++) cluster.fork();
  cluster.on("exit", () => cluster.fork());
} else {
  serve();
}

function serve() {
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
}
