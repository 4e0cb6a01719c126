import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { freePort } from "../../testing/free_port.ts";
import { serveMetrics } from "./metrics_server.ts";

/** Returns everything received over a connection until it is closed. */
async function ask(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1").setEncoding("latin1");
  let text = "";
  socket.on("data", (data) => text += String(data)).on("error", () => {});
  socket.write(request);
  await once(socket, "close");
  return text;
}

test("serveMetrics() answers GET /metrics, and nothing else", async () => {
  const port = await freePort();
  using _server = await serveMetrics(() => "figure 1\n", port);
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  assert.equal(await answer.text(), "figure 1\n");
  const other = await ask(port, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  assert.match(other, /^HTTP\/1.1 404 Not Found\r\n/);
  assert.equal(await ask(port, "x".repeat(0x4000)), "");
});

test("serveMetrics() limits idle connections, and still answers others", async () => {
  const port = await freePort();
  using _server = await serveMetrics(() => "figure 1\n", port);
  const idle: Socket[] = [];
  let closed = 0;
  for (let count = 0; count < 60; count++) {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    socket.on("close", () => closed++);
    await once(socket, "connect");
    idle.push(socket);
  }
  const request = "GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n";
  assert.match(await ask(port, request), /figure 1/);
  while (closed < 44) await new Promise((resolve) => setTimeout(resolve, 5));
  for (const socket of idle) socket.destroy();
});
