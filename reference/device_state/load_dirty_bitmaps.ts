import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";
import type { DirtyBitmap } from "../../format/dirty_bitmaps/mod.ts";

/** A dirty bitmap with its runs of dirty bytes. */
export interface DirtyBitmapContent extends DirtyBitmap {
  /** Runs of bytes of the disk, in order and not adjacent. */
  readonly ranges: readonly ByteRange[];
}

/** A bitmap that could not be loaded. */
export interface DroppedBitmap {
  /** The bitmap as received. */
  readonly bitmap: DirtyBitmap;
  /** The reason and the consequence. */
  readonly reason: string;
}

/** The bitmaps of a disk after loading. */
export interface LoadedBitmaps {
  /** All bitmaps, with those loaded last at the end. */
  readonly bitmaps: readonly DirtyBitmapContent[];
  /** Bitmaps that could not be loaded. Nothing else is lost. */
  readonly dropped: readonly DroppedBitmap[];
}

/**
 * Loads dirty bitmaps in addition to existing ones, by QEMU's rules: a bitmap
 * with a new name is created; one with an existing name and the same
 * granularity is merged, so that what is dirty in either is dirty; one with
 * another granularity, or with missing bits, is dropped, and the next backup
 * must be full.
 *
 * QEMU up to 10.0 refuses a bitmap whose name exists.
 *
 * @example
 * ```ts
 * import { loadDirtyBitmaps } from "../doors/convert.ts";
 * import assert from "node:assert/strict";
 *
 * const bitmap = {
 *   node: "drive0",
 *   name: "backup",
 *   granularity: 65536,
 *   enabled: true,
 *   persistent: false,
 *   complete: true,
 *   coveredBytes: 1048576,
 * };
 * const { bitmaps, dropped } = loadDirtyBitmaps(
 *   [{ ...bitmap, dirtyBytes: 65536, ranges: [{ offset: 0, length: 65536 }] }],
 *   [{
 *     ...bitmap,
 *     dirtyBytes: 65536,
 *     ranges: [{ offset: 65536, length: 65536 }],
 *   }],
 * );
 * assert.deepEqual(bitmaps[0].ranges, [{ offset: 0, length: 131072 }]);
 * assert.equal(dropped.length, 0);
 * ```
 */
export function loadDirtyBitmaps(
  present: readonly DirtyBitmapContent[],
  incoming: readonly DirtyBitmapContent[],
): LoadedBitmaps {
  const bitmaps = new Map(present.map((it) => [keyOf(it), it]));
  const dropped: DroppedBitmap[] = [];
  const drop = (bitmap: DirtyBitmap, what: string) => {
    const name = JSON.stringify(bitmap.name);
    const node = JSON.stringify(bitmap.node);
    const reason = `Cannot load dirty bitmap ${name} of ${node}: ${what}; ` +
      "the next backup of it must be full";
    dropped.push({ bitmap, reason });
  };
  for (const bitmap of incoming) {
    const existing = bitmaps.get(keyOf(bitmap));
    if (!bitmap.complete) {
      drop(bitmap, "some of its bits are missing");
    } else if (existing && existing.granularity !== bitmap.granularity) {
      drop(
        bitmap,
        `its granularity is ${bitmap.granularity}, ` +
          `expected ${existing.granularity}`,
      );
    } else {
      bitmaps.set(keyOf(bitmap), existing ? merge(existing, bitmap) : bitmap);
    }
  }
  return { bitmaps: [...bitmaps.values()], dropped };
}

function keyOf({ node, name }: DirtyBitmap): string {
  return JSON.stringify([node, name]);
}

/**
 * The existing bitmap keeps its properties; what is dirty in either is dirty.
 */
function merge(
  existing: DirtyBitmapContent,
  other: DirtyBitmapContent,
): DirtyBitmapContent {
  const ranges: { offset: number; length: number }[] = [];
  const all = [...existing.ranges, ...other.ranges]
    .toSorted((a, b) => a.offset - b.offset);
  for (const { offset, length } of all) {
    const last = ranges.at(-1);
    if (last === undefined || offset > rangeEnd(last)) {
      ranges.push({ offset, length });
    } else {
      last.length = Math.max(last.length, offset + length - last.offset);
    }
  }
  return {
    ...existing,
    coveredBytes: Math.max(existing.coveredBytes, other.coveredBytes),
    dirtyBytes: ranges.reduce((sum, it) => sum + it.length, 0),
    ranges,
  };
}
