// The WebSocket side: any path, one connection for any number of streams.

import { hostname } from "node:os";
import { STATUS_CODES } from "node:http";
import { WebSocketServer } from "ws";
import { log, logRequest } from "./log.js";
import { authenticate, channelOf, passes, Refusal, tokenOf } from "./streams.js";

const PING_SECONDS = 30;

export function serveWebSockets(server, { database, hub, metrics }) {
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on("headers", (headers) => headers.push(`X-Served-By: ${hostname()}`));

  server.on("upgrade", async (request, socket, head) => {
    socket.on("error", (error) => log.warn("connection", { err: error.message }));
    const url = new URL(request.url, "http://localhost");
    logRequest(request, "HTTP Upgrade Requested");
    try {
      const account = await authenticate(database, tokenOf(request, url));
      sockets.handleUpgrade(request, socket, head, (ws) => serve(ws, account, url));
    } catch (error) {
      refuse(socket, error);
    }
  });

  setInterval(() => {
    for (const ws of sockets.clients) {
      if (ws.silent) ws.terminate();
      ws.silent = true;
      ws.ping();
    }
  }, PING_SECONDS * 1000).unref();

  function serve(ws, account, url) {
    const subscriptions = new Map();
    metrics.client("websocket", 1);
    ws.on("pong", () => (ws.silent = false));
    ws.on("error", (error) => log.warn("WebSocket", { err: error.message }));
    ws.on("close", () => {
      metrics.client("websocket", -1);
      for (const stream of [...subscriptions.keys()]) unsubscribe(stream);
    });
    ws.on("message", (data) => {
      const wish = parse(data);
      if (wish?.type === "subscribe") subscribe(wish.stream);
      else if (wish?.type === "unsubscribe") unsubscribe(wish.stream);
    });
    const first = url.searchParams.get("stream");
    if (first) subscribe(first);

    async function subscribe(stream) {
      if (subscriptions.has(stream)) return;
      try {
        const channel = channelOf(stream, account);
        const end = hub.add(channel, (event, payload) => {
          if (!passes(stream, event) || ws.readyState !== ws.OPEN) return;
          ws.send(JSON.stringify({ stream: [stream], event, payload }));
          metrics.message("websocket");
        });
        subscriptions.set(stream, end);
        metrics.channel("websocket", stream, 1);
        await end;
      } catch (error) {
        subscriptions.delete(stream);
        if (ws.readyState === ws.OPEN) ws.send(JSON.stringify({ error: error.message, status: error.status ?? 500 }));
      }
    }

    async function unsubscribe(stream) {
      const end = subscriptions.get(stream);
      if (end === undefined) return;
      subscriptions.delete(stream);
      metrics.channel("websocket", stream, -1);
      (await end.catch(() => undefined))?.();
    }
  }
}

function parse(data) {
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined;
  }
}

function refuse(socket, error) {
  const known = error instanceof Refusal;
  if (!known) log.error("upgrade", { err: error.message });
  const status = known ? error.status : 500;
  const body = JSON.stringify({ error: known ? error.message : "An unexpected error occurred" });
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      "Connection: close",
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Served-By: ${hostname()}`,
      "",
      body,
    ].join("\r\n"),
  );
}
