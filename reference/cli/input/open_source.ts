import { fstatSync } from "node:fs";
import { sourceAddress } from "../../inputs/mod.ts";
import { type FileSourceOptions, openFileSource } from "../../local/mod.ts";
import {
  type ByteSource,
  cachedSource,
  type ReadOptions,
  SourceError,
} from "../../sources/mod.ts";

/** A source that a command opened, and what it cost so far. */
export interface OpenedSource extends AsyncDisposable {
  /** What to read. */
  readonly source: ByteSource;
  /** Requests and bytes, where a request is dear; undefined for a file. */
  readonly transfer: () => Transfer | undefined;
}

/** What was moved over a network. */
export interface Transfer {
  /** Requests made, retries included. */
  readonly requests: number;
  /** Bytes received. */
  readonly bytes: number;
}

/** How to open a source. */
export interface OpenSourceOptions extends ReadOptions, FileSourceOptions {}

/** Opens a path, or a URL behind a cache. */
export async function openSource(
  path: string,
  options: OpenSourceOptions = {},
): Promise<OpenedSource> {
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
    source: cachedSource(http),
    transfer: () => ({ requests: http.requests, bytes: http.bytesReceived }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Names of standard input. */
const INPUT = /^(?:-|\/dev\/stdin|\/dev\/fd\/0|\/proc\/self\/fd\/0)$/;

/**
 * Says what is the matter with a pipe before Deno says that it may not open
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
