import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";

/** A request for a range, as a server sees it. */
export interface LiarRequest {
  /** First byte asked for. */
  readonly first: number;
  /** Last byte asked for, within the file. */
  readonly last: number;
  /** How many requests came before. */
  readonly count: number;
  /** The headers of the request. */
  readonly headers: IncomingMessage["headers"];
}

/** Answers one request, honestly or not. */
export type Lie = (
  request: LiarRequest,
  response: ServerResponse,
  file: Uint8Array,
) => void;

/** A server of a file that misbehaves as it is told. */
export interface LiarServer extends AsyncDisposable {
  /** Where it is. */
  readonly url: string;
  /** How it answers from now on. */
  lie: Lie;
  /** How many requests came. */
  readonly count: number;
}

/** Answers as a server should. */
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

/** Starts a server of `file` that answers truly until told otherwise. */
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
