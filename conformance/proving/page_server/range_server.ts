import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Called before a server responds to a request for bytes from `first` on. */
export type BeforeAnswer = (first: number) => Promise<"answer" | "fail">;

/** Serves ranges of bytes over HTTP; a test can delay or fail each response. */
export class RangeServer implements AsyncDisposable {
  /** URL of the bytes. */
  readonly url: string;
  /** Number of requests that are not answered yet. */
  atOnce = 0;
  /** Maximum number of concurrent requests. */
  mostAtOnce = 0;
  readonly #server: Server;
  #change = Promise.withResolvers<void>();

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  /** Starts the server on a free loopback port. */
  static async start(
    bytes: Uint8Array,
    before: BeforeAnswer,
  ): Promise<RangeServer> {
    const server = createServer(async (request, response) => {
      const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "");
      const first = Number(range?.[1] ?? 0);
      const last = Math.min(Number(range?.[2] ?? Infinity), bytes.length - 1);
      self.#count(1);
      response.on("close", () => self.#count(-1));
      if (await before(first) === "fail") return void request.socket.destroy();
      const body = bytes.subarray(first, last + 1);
      response.writeHead(range === null ? 200 : 206, {
        "accept-ranges": "bytes",
        "content-length": body.length,
        "etag": '"one"',
        ...range === null ? {} : {
          "content-range": `bytes ${first}-${last}/${bytes.length}`,
        },
      });
      response.end(request.method === "HEAD" ? undefined : body);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const self = new RangeServer(server, `http://127.0.0.1:${port}/memory`);
    return self;
  }

  /** Resolves when a condition holds that depends on the requests. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.#change.promise;
  }

  #count(change: 1 | -1): void {
    this.atOnce += change;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
