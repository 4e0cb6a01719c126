import { backingOf, type ByteSource, setBacking } from "../../sources/mod.ts";
import { openSource } from "../input/open_source.ts";

/** A source that a guest gets its pages from. */
export interface ResumeSource extends AsyncDisposable {
  /** What to read. */
  readonly source: ByteSource;
  /** Bytes read so far; over a network, bytes received. */
  readonly bytesRead: () => number;
}

/** Opens a path, or a URL behind a cache. */
export async function openResumeSource(
  path: string,
  signal: AbortSignal,
): Promise<ResumeSource> {
  const opened = await openSource(path, { signal });
  let bytes = 0;
  const { source, transfer } = opened;
  const counted: ByteSource = {
    name: source.name,
    byteLength: source.byteLength,
    checkUnchanged: source.checkUnchanged,
    readInto(target, offset, options) {
      bytes += target.length;
      return source.readInto(target, offset, options);
    },
  };
  const backing = backingOf(source);
  if (backing !== undefined) setBacking(counted, backing);
  return {
    source: transfer() === undefined ? counted : source,
    bytesRead: () => transfer()?.bytes ?? bytes,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
