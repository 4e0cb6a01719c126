import { fstatSync } from "node:fs";
import { sourceAddress } from "../../inputs/mod.ts";
import { type FileSourceOptions, openFileSource } from "../../local/mod.ts";
import {
  type ByteSource,
  type ReadOptions,
  SourceError,
} from "../../sources/mod.ts";

/** A source that a command opened, and its transfer statistics. */
export interface BareSource extends AsyncDisposable {
  /** The source. */
  readonly source: ByteSource;
  /** Requests and bytes of network sources; undefined for a file. */
  readonly transfer: () => Transfer | undefined;
}

/** Network traffic. */
export interface Transfer {
  /** Requests, including retries. */
  readonly requests: number;
  /** Bytes received. */
  readonly bytes: number;
}

/** Opens a path or a URL, without a cache. */
export async function openBare(
  path: string,
  options: ReadOptions & FileSourceOptions,
): Promise<BareSource> {
  const address = sourceAddress(path);
  if (!(address instanceof URL)) {
    refusePipedInput(address);
    const source = openFileSource(address, options);
    return {
      source,
      transfer: () => undefined,
      [Symbol.asyncDispose](): Promise<void> {
        source.close();
        return Promise.resolve();
      },
    };
  }
  const { openHttpSource } = await import("../../http/mod.ts");
  const http = await openHttpSource(address, options);
  return {
    source: http,
    transfer: () => ({ requests: http.requests, bytes: http.bytesReceived }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Names of standard input. */
const INPUT = /^(?:-|\/dev\/stdin|\/dev\/fd\/0|\/proc\/self\/fd\/0)$/;

/**
 * Explains that a pipe cannot be read, before Deno reports that it may not open
 * `/dev/stdin`.
 */
function refusePipedInput(path: string): void {
  if (!INPUT.test(path)) return;
  let isFile = false;
  try {
    isFile = fstatSync(0).isFile();
  } catch {
    // Standard input is closed.
  }
  if (isFile && path !== "-") return;
  throw new SourceError(
    path,
    `Cannot open ${JSON.stringify(path)}: standard input is not a file; ` +
      "expected a regular file, which can be read at any position",
  );
}
