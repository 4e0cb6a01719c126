import {
  backingOf,
  type ByteSource,
  type ReadOptions,
  setBacking,
  setOrigin,
} from "../../sources/mod.ts";
import type { OpenedPlace } from "../../opening/mod.ts";
import { openSource } from "../input/open_source.ts";
import type { InputPlace } from "../input/place_options.ts";

/** The source of a guest's pages. */
export interface ResumeSource
  extends Disposable, Pick<OpenedPlace, "source" | "verified" | "disk"> {
  /** Returns the bytes read so far; over a network, the bytes received. */
  readonly bytesRead: () => number;
}

/** Opens a path, or a URL with a cache. */
export async function openResumeSource(
  place: InputPlace,
  options: ReadOptions,
): Promise<ResumeSource> {
  const opened = await openSource(place, options);
  let bytes = 0;
  const { source, transfer } = opened;
  const counted: ByteSource = {
    name: source.name,
    byteLength: source.byteLength,
    digest: source.digest,
    checkUnchanged: source.checkUnchanged?.bind(source),
    readInto(target, offset, options) {
      bytes += target.length;
      return source.readInto(target, offset, options);
    },
  };
  const backing = backingOf(source);
  if (backing !== undefined) setBacking(counted, backing);
  setOrigin(counted, source);
  return {
    source: transfer() === undefined ? counted : source,
    verified: opened.verified,
    disk: opened.disk,
    bytesRead: () => transfer()?.bytes ?? bytes,
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}
