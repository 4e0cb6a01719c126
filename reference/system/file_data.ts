import type { ByteRange } from "../../format/bytes/mod.ts";
import { dataRanges } from "./data_ranges.ts";
import { checkSameFile, LocalFile, nodeFs } from "../local/mod.ts";
import { backingOf, type ByteSource, SourceError } from "../sources/mod.ts";

/**
 * Returns the parts of a local file that are not holes; undefined if the source
 * is another one, or the platform does not report them.
 */
export function fileData(source: ByteSource): ByteRange[] | undefined {
  const backing = backingOf(source);
  if (backing?.kind !== "file") return undefined;
  const { path, name } = backing;
  try {
    // Another descriptor: the query moves its file position.
    const file = new LocalFile(path, nodeFs().constants.O_RDONLY, 0, name);
    using same = checkSameFile(file, backing);
    return same.use((fd) => dataRanges(fd, source.byteLength));
  } catch (error) {
    if (error instanceof SourceError) return undefined;
    throw error;
  }
}
