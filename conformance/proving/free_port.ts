import { createServer } from "node:net";

/** Ports that no system gives to those who do not choose one. */
const PORTS = { first: 10_000, count: 20_000 };

/**
 * A port of this machine at which nothing listens: nobody is given it before it
 * is used, unless he chooses it, too.
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
