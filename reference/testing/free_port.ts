import { createServer } from "node:net";

/** Ports outside the usual range of ports that a system assigns by itself. */
const PORTS = { first: 10_000, count: 20_000 };

/**
 * Returns a local port at which nothing listens. The system does not assign it
 * to another process before it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
