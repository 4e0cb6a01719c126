import { createServer, type Socket } from "node:net";

/** Maximum connections; a new one replaces the oldest. */
const CONNECTIONS_MAX = 16;
/** Maximum milliseconds of a connection. */
const LIFETIME = 5000;
/** Maximum bytes of a request's head. */
const HEAD_MAX = 0x2000;

/**
 * Answers `GET /metrics` over HTTP/1.1 on the loopback address, one request per
 * connection. The process serves guests, so the metrics use only a few
 * descriptors, each for a short time.
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
  // Without free descriptors a connection fails; the next one may succeed.
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
