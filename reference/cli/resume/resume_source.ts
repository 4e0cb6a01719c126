import type { ByteSource } from "../../sources/mod.ts";
import { isUrl, openSource } from "../input/open_source.ts";
import { SteadyFile } from "./steady_file.ts";

/** A source that a guest gets its pages from. */
export interface ResumeSource extends AsyncDisposable {
  /** What to read. */
  readonly source: ByteSource;
  /** Bytes read so far; over a network, bytes received. */
  readonly bytesRead: () => number;
  /** Is aborted when what is read is not what it was. */
  readonly changed: AbortSignal;
  /** Looks whether it is, and throws if so. */
  check(): void;
}

/** Opens a path, or a URL behind a cache. */
export async function openResumeSource(
  path: string,
  signal: AbortSignal,
): Promise<ResumeSource> {
  if (isUrl(path)) {
    const opened = await openSource(path, { signal });
    return {
      source: opened.source,
      bytesRead: () => opened.transfer()?.bytes ?? 0,
      // Each answer of the server says which version it is of.
      changed: new AbortController().signal,
      check: () => {},
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  }
  const file = new SteadyFile(path);
  return {
    source: file,
    bytesRead: () => file.bytes,
    changed: file.changed,
    check: () => file.check(),
    [Symbol.asyncDispose]() {
      file[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}
