import {
  bitmapByteLength,
  type BitmapOrder,
  DEFAULT_BITMAP_ORDER,
  pageCountOf,
} from "../../../format/bitmap/mod.ts";
import type { RAMBlockHeader } from "../../../format/ram/mod.ts";
import { RAMBlock, type Snapshot } from "../../reading/mod.ts";
import type { ByteSource, ReadOptions } from "../../sources/mod.ts";

/** What speaks for the order in which the host that saved kept its bitmaps. */
export interface BitmapOrderEvidence {
  /**
   * The order that the machine type suggests, where it is not the common one: a
   * machine that mostly runs on hosts of that order.
   */
  readonly machineHint: BitmapOrder | undefined;
  /** The orders in which no bit behind the last page is set. */
  readonly possible: readonly BitmapOrder[];
  /** Whether there are bits behind the last page at all: without, all may be. */
  readonly hasPadding: boolean;
}

const ORDERS: readonly BitmapOrder[] = [
  DEFAULT_BITMAP_ORDER,
  { byteOrder: "little", wordSize: 4 },
  { byteOrder: "big", wordSize: 8 },
  { byteOrder: "big", wordSize: 4 },
];

/** Machine types of guests that are big-endian, and whose hosts mostly are. */
const BIG_ENDIAN_MACHINES = /^s390-ccw-virtio/;
const WORD_BITS_MAX = 64;

/**
 * What speaks for one order of the bitmaps' words or another. Nothing in a file
 * tells it, so opening never guesses: this is for somebody who has to choose.
 */
export async function bitmapOrderEvidence(
  snapshot: Snapshot,
  options: ReadOptions = {},
): Promise<BitmapOrderEvidence> {
  const { source, index, machine } = snapshot;
  const headers = index.blocks.filter((it) => !it.ignored);
  const possible: BitmapOrder[] = [];
  for (const order of ORDERS) {
    let fits = true;
    for (const header of headers) {
      const block = new RAMBlock(source, header, { order });
      fits &&= await block.paddingFinding(options) === undefined &&
        await isBehindClear(source, header, { order, ...options });
    }
    if (fits) possible.push(order);
  }
  return {
    machineHint: BIG_ENDIAN_MACHINES.test(machine)
      ? { byteOrder: "big", wordSize: 8 }
      : undefined,
    possible,
    hasPadding: headers.some(({ usedLength, pageSize }) =>
      usedLength / pageSize % WORD_BITS_MAX !== 0
    ),
  };
}

/** Where words of 4 bytes end, half a word of 8 can go on; it would be clear. */
async function isBehindClear(
  source: ByteSource,
  { bitmapOffset, usedLength, pageSize }: RAMBlockHeader,
  { order, ...options }: ReadOptions & { readonly order: BitmapOrder },
): Promise<boolean> {
  const pageCount = pageCountOf(usedLength, pageSize);
  const start = bitmapByteLength(pageCount, order.wordSize);
  const length = bitmapByteLength(pageCount) - start;
  if (bitmapOffset + start + length > source.byteLength) return true;
  const bytes = new Uint8Array(length);
  await source.readInto(bytes, bitmapOffset + start, options);
  return bytes.every((byte) => byte === 0);
}
