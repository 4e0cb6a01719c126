import { createServer } from "node:net";

/** A range below the ephemeral ports of common systems. */
const PORTS = { first: 10_000, count: 20_000 };

/**
 * Returns a local port at which nothing listens. The system does not assign it
 * to another program; only a program that requests this port can take it first.
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
