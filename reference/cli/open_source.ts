import {
  type ByteSource,
  type CachedSource,
  cachedSource,
  type HttpSource,
  openFileSource,
  openHttpSource,
  type ReadOptions,
} from "../mod.ts";

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

/** Whether an argument is a URL rather than a path. */
export function isUrl(path: string): boolean {
  return /^https?:\/\//i.test(path);
}

/** Opens a path, or a URL behind a cache. */
export async function openSource(
  path: string,
  options: ReadOptions = {},
): Promise<OpenedSource> {
  if (!isUrl(path)) {
    const source = openFileSource(path);
    return {
      source,
      transfer: () => undefined,
      [Symbol.asyncDispose](): Promise<void> {
        source.close();
        return Promise.resolve();
      },
    };
  }
  const http: HttpSource = await openHttpSource(path, options);
  const source: CachedSource = cachedSource(http);
  return {
    source,
    transfer: () => ({ requests: http.requests, bytes: http.bytesReceived }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
