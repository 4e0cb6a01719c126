import {
  createServer,
  type IncomingMessage,
  request as forward,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

/** A proxy in front of a server that can hold requests back. */
export interface HoldingProxy extends AsyncDisposable {
  /** The address to use in place of the server's. */
  readonly origin: string;
  /** Number of requests so far. */
  readonly requests: number;
  /** Number of requests that are held and whose client waits. */
  readonly held: number;
  /** Holds back the requests from now on. */
  hold(): void;
  /** Forwards the requests that are held, and those from now on. */
  release(): void;
}

/** Starts a proxy for a server. The client signs for the proxy's host. */
export async function startHoldingProxy(
  origin: string,
): Promise<HoldingProxy> {
  const waiting = new Map<ServerResponse, IncomingMessage>();
  let requests = 0;
  let isHolding = false;

  function pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method, headers, url = "/" } = incoming;
    const onward = forward(origin + url, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy()).end();
    outgoing.on("close", () => onward.destroy());
  }

  const server = createServer((incoming, outgoing) => {
    requests++;
    if (!isHolding) return pass(incoming, outgoing);
    waiting.set(outgoing, incoming);
    outgoing.on("close", () => waiting.delete(outgoing));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    get requests() {
      return requests;
    },
    get held() {
      return waiting.size;
    },
    hold() {
      isHolding = true;
    },
    release() {
      isHolding = false;
      const held = [...waiting];
      waiting.clear();
      for (const [outgoing, incoming] of held) pass(incoming, outgoing);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
