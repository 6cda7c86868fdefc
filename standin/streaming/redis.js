// How streaming reads the variables of Redis. It knows only the base Redis: no CACHE_ and no SIDEKIQ_.

import { Redis } from "ioredis";
import { log } from "./log.js";
import { before } from "./version.js";

export function redisConfig(env) {
  if (env.REDIS_URL) return { url: env.REDIS_URL, options: {} };
  const common = {
    username: (!before("4.3") && env.REDIS_USER) || undefined,
    password: env.REDIS_PASSWORD || undefined,
    db: Number.parseInt(env.REDIS_DB, 10) || 0,
  };
  // With only one of the two the other Redis variables are used, without a word.
  if (env.REDIS_SENTINELS && env.REDIS_SENTINEL_MASTER && !before("4.3")) {
    const sentinelPort = Number.parseInt(env.REDIS_SENTINEL_PORT, 10) || 26379;
    return {
      options: {
        ...common,
        name: env.REDIS_SENTINEL_MASTER,
        // Not trimmed: a space after a comma belongs to the host name.
        sentinels: env.REDIS_SENTINELS.split(",").map((one) => {
          const [host, port] = one.split(":", 2);
          return { host, port: Number.parseInt(port, 10) || sentinelPort };
        }),
        sentinelUsername: env.REDIS_SENTINEL_USERNAME || common.username,
        sentinelPassword: env.REDIS_SENTINEL_PASSWORD || common.password,
      },
    };
  }
  return { options: { ...common, host: env.REDIS_HOST || "127.0.0.1", port: Number.parseInt(env.REDIS_PORT, 10) || 6379 } };
}

/** What stands before every key and channel, up to 4.3. */
export const prefix = process.env.REDIS_NAMESPACE && before("4.4") ? `${process.env.REDIS_NAMESPACE}:` : "";

export function connectRedis(env, purpose) {
  const { url, options } = redisConfig(env);
  const client = url === undefined ? new Redis(options) : new Redis(url, options);
  client.on("error", (error) => log.error(`Redis (${purpose})`, { err: error.message }));
  client.on("ready", () => log.info(`Redis (${purpose}) is connected`));
  return client;
}
