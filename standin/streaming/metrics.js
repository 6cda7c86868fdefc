// What `/metrics` says, under the names that the real one's dashboards know.

const TYPES = ["websocket", "eventsource"];

export class Metrics {
  clients = new Map(TYPES.map((type) => [type, 0]));
  channels = new Map();
  sent = new Map(TYPES.map((type) => [type, 0]));
  received = 0;

  constructor(database, hub, channels) {
    this.database = database;
    this.hub = hub;
    for (const type of TYPES) for (const channel of channels) this.channels.set(`type="${type}",channel="${channel}"`, 0);
  }

  client(type, by) {
    this.clients.set(type, this.clients.get(type) + by);
  }

  channel(type, channel, by) {
    const key = `type="${type}",channel="${channel}"`;
    this.channels.set(key, (this.channels.get(key) ?? 0) + by);
  }

  message(type) {
    this.sent.set(type, this.sent.get(type) + 1);
  }

  text() {
    const byType = (map) => [...map].map(([type, value]) => [`{type="${type}"}`, value]);
    const families = [
      ["process_resident_memory_bytes", "gauge", [["", process.memoryUsage.rss()]]],
      ["process_start_time_seconds", "gauge", [["", Math.round(Date.now() / 1000 - process.uptime())]]],
      ["pg_pool_total_connections", "gauge", [["", this.database.totalCount]]],
      ["pg_pool_idle_connections", "gauge", [["", this.database.idleCount]]],
      ["pg_pool_waiting_queries", "gauge", [["", this.database.waitingCount]]],
      ["connected_clients", "gauge", byType(this.clients)],
      ["connected_channels", "gauge", [...this.channels].map(([labels, value]) => [`{${labels}}`, value])],
      ["redis_subscriptions", "gauge", [["", this.hub.size]]],
      ["redis_messages_received_total", "counter", [["", this.received]]],
      ["messages_sent_total", "counter", byType(this.sent)],
    ];
    return families
      .flatMap(([name, type, samples]) => [`# TYPE ${name} ${type}`, ...samples.map(([labels, value]) => `${name}${labels} ${value}`)])
      .map((line) => `${line}\n`)
      .join("");
  }
}
