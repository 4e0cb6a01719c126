/**
 * Asynchronous and synchronous drivers of the walks in `format/`.
 *
 * @module
 */

import type { Walk } from "../../format/bytes/mod.ts";
import type {
  ByteSource,
  SourceReadOptions,
  SyncByteSource,
} from "./byte_source.ts";

/** Drives a walk over a source. */
export async function drive<T>(
  walk: Walk<T>,
  source: ByteSource,
  options?: SourceReadOptions,
): Promise<T> {
  let step = walk.next();
  while (!step.done) {
    const { offset, length, target, guesses } = step.value;
    const bytes = target ?? new Uint8Array(length);
    await source.readInto(
      bytes,
      offset,
      guesses === undefined ? options : { ...options, guesses },
    );
    step = walk.next(bytes);
  }
  return step.value;
}

/** Drives a walk over a source synchronously. */
export function driveSync<T>(walk: Walk<T>, source: SyncByteSource): T {
  let step = walk.next();
  while (!step.done) {
    const { offset, length, target } = step.value;
    const bytes = target ?? new Uint8Array(length);
    source.readIntoSync(bytes, offset);
    step = walk.next(bytes);
  }
  return step.value;
}
