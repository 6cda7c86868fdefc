// Who listens to which channel of Redis, and the keys by which others learn that somebody does.

import { log } from "./log.js";
import { prefix } from "./redis.js";

const RENEW_SECONDS = 6 * 60;

export class Hub {
  #listeners = new Map();

  constructor(subscriber, client, onMessage) {
    this.subscriber = subscriber;
    this.client = client;
    subscriber.on("message", (channel, text) => {
      onMessage();
      this.#deliver(channel.slice(prefix.length), text);
    });
    setInterval(() => this.#tell([...this.#listeners.keys()]), RENEW_SECONDS * 1000).unref();
  }

  get size() {
    return this.#listeners.size;
  }

  /** Subscribes; the function that it returns ends that. */
  async add(channel, listener) {
    const listeners = this.#listeners.get(channel) ?? new Set();
    const first = listeners.size === 0;
    listeners.add(listener);
    this.#listeners.set(channel, listeners);
    const end = () => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.#listeners.get(channel) !== listeners) return;
      this.#listeners.delete(channel);
      this.subscriber.unsubscribe(prefix + channel).catch((error) => log.warn("unsubscribe", { err: error.message }));
    };
    try {
      if (first) await this.subscriber.subscribe(prefix + channel);
    } catch (error) {
      end();
      throw error;
    }
    this.#tell([channel]);
    return end;
  }

  // Three missed renewals and the key is gone, also when this process is.
  #tell(channels) {
    for (const channel of channels) {
      this.client.set(`${prefix}subscribed:${channel}`, "1", "EX", RENEW_SECONDS * 3).catch((error) => log.warn("subscribed", { err: error.message }));
    }
  }

  #deliver(channel, text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      log.warn("a message is not JSON", { channel });
      return;
    }
    const payload = typeof message.payload === "object" ? JSON.stringify(message.payload) : message.payload;
    for (const listener of this.#listeners.get(channel) ?? []) listener(String(message.event), payload);
  }
}
