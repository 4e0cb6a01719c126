import type { ByteRange } from "../../format/bytes/mod.ts";
import { linuxIfAny } from "./system_calls.ts";

const POSIX_FADV_WILLNEED = 3;

/**
 * Makes the kernel start reading a range of an open file into the page cache.
 * This is a hint: if it is impossible, nothing happens.
 *
 * @example
 * ```ts
 * import {
 *   createFileSink,
 *   exportImage,
 *   openFileSource,
 *   openSnapshot,
 * } from "../../mod.ts";
 * import { willNeed } from "../doors/linux.ts";
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
