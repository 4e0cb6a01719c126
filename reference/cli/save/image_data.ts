import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";
import type { ByteRange } from "../../../format/bytes/mod.ts";
import { dataRanges } from "../../linux/mod.ts";
import { type ByteSource, isWebUrl } from "../../sources/mod.ts";

/** An image, and where it is not a hole, as far as the platform tells. */
export interface OpenedImage {
  readonly source: ByteSource;
  readonly dataRanges: readonly ByteRange[] | undefined;
}

/** Opens an image by `open`, and asks the file system for its holes. */
export async function openImageData(
  path: string,
  open: () => Promise<ByteSource>,
): Promise<OpenedImage> {
  const fd = tryOpen(path);
  try {
    const source = await open();
    return { source, dataRanges: rangesOf(fd, path, source) };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Opens a file; whatever is wrong with it, `open` has the words for. */
function tryOpen(path: string): number | undefined {
  if (isWebUrl(path)) return undefined;
  try {
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch {
    return undefined;
  }
}

function rangesOf(
  fd: number | undefined,
  path: string,
  { byteLength }: ByteSource,
): readonly ByteRange[] | undefined {
  if (fd === undefined) return undefined;
  const [before, after] = [fstatSync(fd), statSync(path)];
  // Another file by now: its holes are not those of the source.
  const isSame = before.ino === after.ino && before.dev === after.dev &&
    before.size === byteLength;
  return isSame ? dataRanges(fd, byteLength) : undefined;
}
