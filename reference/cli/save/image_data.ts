import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";
import type { ByteRange } from "../../../format/bytes/mod.ts";
import { dataRanges } from "../../linux/mod.ts";
import { type ByteSource, isWebUrl } from "../../sources/mod.ts";

/** An image, and its data ranges if the platform reports them. */
export interface OpenedImage {
  readonly source: ByteSource;
  readonly dataRanges: readonly ByteRange[] | undefined;
}

/** Opens an image with `open`, and queries the file system for its holes. */
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

/** Opens a file; on failure returns undefined, as `open` reports the error. */
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
  // It may be another file by now: its holes are not those of the source.
  const isSame = before.ino === after.ino && before.dev === after.dev &&
    before.size === byteLength;
  return isSame ? dataRanges(fd, byteLength) : undefined;
}
