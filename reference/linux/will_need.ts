import type { ByteRange } from "../../format/bytes/mod.ts";
import { linuxIfAny } from "./system_calls.ts";

const POSIX_FADV_WILLNEED = 3;

/**
 * Has the kernel begin to read a part of an open file, so that it is in the page
 * cache when it is asked for. A hint: where that cannot be done, nothing is.
 *
 * @example
 * ```ts
 * import {
 *   createFileSink,
 *   exportImage,
 *   openFileSource,
 *   openSnapshot,
 * } from "../../mod.ts";
 * import { willNeed } from "./mod.ts";
 *
 * async function load(path: string, image: string): Promise<void> {
 *   using source = openFileSource(path, { willNeed });
 *   const snapshot = await openSnapshot(source);
 *   await exportImage(snapshot.block("pc.ram"), createFileSink(image));
 * }
 * ```
 */
export function willNeed(fd: number, { offset, length }: ByteRange): void {
  linuxIfAny()?.call.posix_fadvise(fd, offset, length, POSIX_FADV_WILLNEED);
}
