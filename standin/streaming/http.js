// The HTTP side: health, metrics and server-sent events. No rules about host names or TLS.

import { createServer } from "node:http";
import { hostname } from "node:os";
import { log, logRequest } from "./log.js";
import { authenticate, channelOf, passes, Refusal, STREAMS, tokenOf } from "./streams.js";

const THUMP_SECONDS = 15;

export function serveHttp({ database, hub, metrics }) {
  return createServer(async (request, response) => {
    const url = new URL(request.url, "http://localhost");
    response.setHeader("X-Served-By", hostname());
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Allow-Headers", "Authorization, Accept, Cache-Control");
    response.setHeader("Access-Control-Allow-Methods", "GET, OPTIONS");
    response.on("finish", () => logRequest(request, "request completed"));
    try {
      if (request.method === "OPTIONS") response.writeHead(204).end();
      else if (url.pathname === "/api/v1/streaming/health") text(response, 200, "text/plain; charset=utf-8", "OK");
      else if (url.pathname === "/metrics") text(response, 200, "text/plain; version=0.0.4; charset=utf-8", metrics.text());
      else await events(request, response, url);
    } catch (error) {
      const known = error instanceof Refusal;
      if (!known) log.error(url.pathname, { err: error.message });
      const message = known ? error.message : "An unexpected error occurred";
      text(response, known ? error.status : 500, "application/json", JSON.stringify({ error: message }));
    }
  });

  async function events(request, response, url) {
    const stream = /^\/api\/v1\/streaming\/(.+)$/.exec(url.pathname)?.[1].replaceAll("/", ":");
    if (!STREAMS.includes(stream)) throw new Refusal(404, "Not found");
    const account = await authenticate(database, tokenOf(request, url));
    const channel = channelOf(stream, account);
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "private, no-store" });
    response.write(":)\n");
    const end = await hub.add(channel, (event, payload) => {
      if (!passes(stream, event)) return;
      response.write(`event: ${event}\ndata: ${payload}\n\n`);
      metrics.message("eventsource");
    });
    const thump = setInterval(() => response.write(":thump\n"), THUMP_SECONDS * 1000);
    const done = () => {
      clearInterval(thump);
      metrics.client("eventsource", -1);
      metrics.channel("eventsource", stream, -1);
      end();
    };
    metrics.client("eventsource", 1);
    metrics.channel("eventsource", stream, 1);
    if (response.destroyed) done();
    else response.on("close", done);
  }
}

function text(response, status, type, body) {
  if (response.headersSent) return void response.end();
  response.writeHead(status, { "Content-Type": type }).end(body);
}
