import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";

/** A request for a range, as a server sees it. */
export interface LiarRequest {
  /** First requested byte. */
  readonly first: number;
  /** Last requested byte, limited to the file. */
  readonly last: number;
  /** Number of earlier requests. */
  readonly count: number;
  /** The headers of the request. */
  readonly headers: IncomingMessage["headers"];
}

/** Responds to one request, correctly or not. */
export type Lie = (
  request: LiarRequest,
  response: ServerResponse,
  file: Uint8Array,
) => void;

/** A server of a file that misbehaves as configured. */
export interface LiarServer extends AsyncDisposable {
  /** URL of the file. */
  readonly url: string;
  /** How it responds from now on. */
  lie: Lie;
  /** Number of requests so far. */
  readonly count: number;
}

/** Responds correctly. */
export function truth(
  { first, last }: LiarRequest,
  response: ServerResponse,
  file: Uint8Array,
): void {
  if (first >= file.length) {
    const range = `bytes */${file.length}`;
    response.writeHead(416, { "content-range": range }).end();
    return;
  }
  response.writeHead(206, {
    "content-range": `bytes ${first}-${last}/${file.length}`,
    "content-length": last - first + 1,
    etag: '"1"',
  });
  response.end(file.subarray(first, last + 1));
}

/** Starts a server of `file` that responds correctly until `lie` is set. */
export function startLiar(file: Uint8Array): Promise<LiarServer> {
  let count = 0;
  const server = createServer((request, response) => {
    const match = /^bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "");
    const first = Number(match?.[1] ?? 0);
    const last = Math.min(Number(match?.[2] ?? Infinity), file.length - 1);
    const { headers } = request;
    liar.lie({ first, last, count: count++, headers }, response, file);
  });
  const liar = {
    url: "",
    lie: truth as Lie,
    get count() {
      return count;
    },
    [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (typeof address === "object" && address !== null) {
        liar.url = `http://127.0.0.1:${address.port}/vm.mr`;
      }
      resolve(liar);
    });
  });
}
