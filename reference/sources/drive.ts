/**
 * Asynchronous and synchronous drivers of the walks in `format/`.
 *
 * @module
 */

import type { Walk } from "../../format/bytes/mod.ts";
import { Pace } from "../work/mod.ts";
import type {
  ByteSource,
  SourceReadOptions,
  SyncByteSource,
} from "./byte_source.ts";

/** Requests between two looks at the clock; most walks have fewer. */
const UNPACED = 64;

/** Drives a walk over a source. A long walk lets the event loop turn. */
export async function drive<T>(
  walk: Walk<T>,
  source: ByteSource,
  options?: SourceReadOptions,
): Promise<T> {
  let pace: Pace | undefined;
  let step = walk.next();
  for (let count = 1; !step.done; count++) {
    if (count % UNPACED === 0) {
      pace ??= new Pace(options?.signal);
      await pace.step();
    }
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
