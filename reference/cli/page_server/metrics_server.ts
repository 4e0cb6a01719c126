import { createServer, type Socket } from "node:net";

/** Connections at once; one more takes the place of the oldest. */
const CONNECTIONS_MAX = 16;
/** Milliseconds that a connection lasts at most. */
const LIFETIME = 5000;
/** Bytes that the head of a request has at most. */
const HEAD_MAX = 0x2000;

/**
 * Answers `GET /metrics` on this machine, a request a connection, by HTTP/1.1.
 * It is a side door of a process that serves guests: it keeps no more than a few
 * descriptors, and each of them for a short time only.
 */
export async function serveMetrics(
  text: () => string,
  port: number,
): Promise<Disposable> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const [oldest] = open;
    if (open.size >= CONNECTIONS_MAX) oldest?.destroy();
    open.add(socket);
    const timer = setTimeout(() => socket.destroy(), LIFETIME);
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      open.delete(socket);
    });
    answer(socket, text);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  // Where descriptors are short, a connection fails; the next may not.
  server.on("error", () => {});
  return {
    [Symbol.dispose](): void {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

function answer(socket: Socket, text: () => string): void {
  let head = "";
  socket.setEncoding("latin1");
  socket.on("data", (data) => {
    if (head === "answered") return;
    head += String(data);
    if (head.length > HEAD_MAX) return void socket.destroy();
    if (!head.includes("\r\n\r\n") && !head.includes("\n\n")) return;
    const isKnown = /^GET \/metrics(?:\?\S*)? HTTP\//.test(head);
    const body = isKnown ? text() : "see /metrics\n";
    head = "answered";
    socket.end([
      `HTTP/1.1 ${isKnown ? "200 OK" : "404 Not Found"}`,
      "content-type: text/plain; version=0.0.4; charset=utf-8",
      `content-length: ${new TextEncoder().encode(body).length}`,
      ...["connection: close", "", body],
    ].join("\r\n"));
  });
}
