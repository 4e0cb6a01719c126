import { isQcow2Source, type Qcow2Source } from "../qcow2/mod.ts";
import {
  type BackingFile,
  type ByteSource,
  contentKeyOf,
  originalSource,
} from "../sources/mod.ts";

/** A file that the bytes of a source come from: an image, or one as it is. */
export interface ContentLayer {
  /** The disk, if it is an image; the next layer has what that does not. */
  readonly disk: Qcow2Source | undefined;
  /** The local file, if it is one as it is. */
  readonly file: BackingFile | undefined;
  /** Equal for layers with the same bytes at all positions. */
  readonly key: string;
}

/**
 * Returns the files that the bytes of a source come from, from the top. One that
 * checks what it reads has nothing in common with others: what is not read would
 * not be checked.
 */
export function layersOf(source: ByteSource): ContentLayer[] {
  const { original, file } = originalSource(source);
  const disk = isQcow2Source(original) ? original : undefined;
  if (source.digest !== undefined || disk?.image.digest !== undefined) {
    return [{ disk: undefined, file: undefined, key: `checked ${checked++}` }];
  }
  if (disk === undefined) {
    return [{ disk, file, key: contentKeyOf(source) }];
  }
  const { image, backing } = disk;
  const below = backing === undefined ? [] : layersOf(backing);
  const [next] = below;
  // The same image may have other files below it when opened elsewhere.
  const key = `image ${contentKeyOf(image)} on ${next?.key ?? "nothing"}`;
  return [{ disk, file: undefined, key }, ...below];
}

/** Number of sources so far that check what they read. */
let checked = 0;
