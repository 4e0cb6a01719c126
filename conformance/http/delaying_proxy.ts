import { createServer, request as forward } from "node:http";

/** A proxy before a server that holds each answer back for a while. */
export interface DelayingProxy extends AsyncDisposable {
  /** The address that stands for the server's. */
  readonly origin: string;
  /** Requests that passed. */
  readonly requests: number;
  /** Bytes of bodies that passed. */
  readonly bytes: number;
  /** The most requests that were under way at once. */
  readonly mostAtOnce: number;
}

/** Starts a proxy that answers `delay` milliseconds later than `origin` does. */
export function startDelayingProxy(
  origin: string,
  delay: number,
): Promise<DelayingProxy> {
  const counts = { requests: 0, bytes: 0, atOnce: 0, mostAtOnce: 0 };
  const server = createServer((incoming, outgoing) => {
    counts.requests++;
    counts.atOnce++;
    counts.mostAtOnce = Math.max(counts.mostAtOnce, counts.atOnce);
    outgoing.on("close", () => counts.atOnce--);
    setTimeout(() => {
      const { method, headers } = incoming;
      const url = new URL(incoming.url ?? "/", origin);
      forward(url, { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.on("data", (chunk: Uint8Array) => counts.bytes += chunk.length);
        answer.pipe(outgoing);
      }).on("error", () => outgoing.destroy()).end();
    }, delay);
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" ? address?.port : undefined;
      resolve({
        origin: `http://127.0.0.1:${port}`,
        get requests() {
          return counts.requests;
        },
        get bytes() {
          return counts.bytes;
        },
        get mostAtOnce() {
          return counts.mostAtOnce;
        },
        [Symbol.asyncDispose](): Promise<void> {
          server.closeAllConnections();
          return new Promise((resolve) => server.close(() => resolve()));
        },
      });
    });
  });
}
