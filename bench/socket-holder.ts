// A process that opens WebSockets and holds them; `bench/socket-holders.ts` starts it. It ends, and with it its WebSockets, when its parent does.

import WebSocket from "ws";
import type { Held, Order } from "./socket-holders";

let open = 0;
let refused = 0;
let lost = 0;
let heard = 0;
let lastMs = 0;
let reason = "";
let closing = false;
const sockets = new Set<WebSocket>();

function hold(order: Order, opened: () => void): void {
  const { url, headers, ca, address } = order;
  const socket = new WebSocket(url, {
    headers,
    perMessageDeflate: false,
    handshakeTimeout: 30_000,
    lookup: (_name, { all }, done) => (all ? done(null, [{ address, family: 4 }]) : done(null, address, 4)),
    ...(ca !== undefined && { ca }),
  });
  let stands = false;
  let told = false;
  socket.on("open", () => {
    stands = true;
    open += 1;
    sockets.add(socket);
    opened();
  });
  socket.on("message", (data) => {
    if (told || !String(data).includes(order.marker)) return;
    told = true;
    heard += 1;
    lastMs = Date.now();
  });
  socket.on("error", (error) => (reason = error.message));
  socket.on("close", () => {
    sockets.delete(socket);
    if (stands) open -= 1;
    if (stands && !closing) lost += 1;
    if (!stands) {
      refused += 1;
      opened();
    }
  });
}

function start(order: Order): void {
  let left = order.count;
  const next = () => {
    if (left === 0) return;
    left -= 1;
    hold(order, next);
  };
  for (let n = 0; n < order.atOnce; n++) next();
}

process.on("message", (order: Order | "held" | "close") => {
  if (order === "held") process.send!({ open, refused, lost, heard, lastMs, reason } satisfies Held);
  else if (order === "close") {
    closing = true;
    for (const socket of sockets) socket.close();
  } else start(order);
});
process.on("disconnect", () => process.exit(0));
