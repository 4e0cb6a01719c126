import {
  bitmapByteLength,
  type BitmapOrder,
  DEFAULT_BITMAP_ORDER,
  pageCountOf,
} from "../../../format/bitmap/mod.ts";
import type { RAMBlockHeader } from "../../../format/ram/mod.ts";
import { RAMBlock, type Snapshot } from "../../reading/mod.ts";
import type { ByteSource, ReadOptions } from "../../sources/mod.ts";

/** Evidence for the byte order and word size of a snapshot's bitmaps. */
export interface BitmapOrderEvidence {
  /**
   * The order that the machine type suggests, if it differs from the default:
   * the machine mostly runs on hosts of that order.
   */
  readonly machineHint: BitmapOrder | undefined;
  /** The orders in which no bit after the last page is set. */
  readonly possible: readonly BitmapOrder[];
  /** Whether there are bits after the last page; if not, all are possible. */
  readonly hasPadding: boolean;
}

const ORDERS: readonly BitmapOrder[] = [
  DEFAULT_BITMAP_ORDER,
  { byteOrder: "little", wordSize: 4 },
  { byteOrder: "big", wordSize: 8 },
  { byteOrder: "big", wordSize: 4 },
];

/** Machine types of big-endian guests, with mostly big-endian hosts. */
const BIG_ENDIAN_MACHINES = /^s390-ccw-virtio/;
const WORD_BITS_MAX = 64;

/**
 * Returns the evidence for the order of the bitmaps' words. The file does not
 * contain the order, so opening never guesses it; this helps users to choose.
 */
export async function bitmapOrderEvidence(
  snapshot: Snapshot,
  options: ReadOptions = {},
): Promise<BitmapOrderEvidence> {
  const { source, index, machine } = snapshot;
  // The others tell nothing: they fill whole words in every order.
  const headers = index.blocks.filter((it) => !it.ignored && hasPadding(it));
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
    hasPadding: headers.length > 0,
  };
}

/** Whether there are bits after the last page. */
function hasPadding({ usedLength, pageSize }: RAMBlockHeader): boolean {
  return pageCountOf(usedLength, pageSize) % WORD_BITS_MAX !== 0;
}

/**
 * Whether the bytes after the last word are 0, up to the end that the bitmap
 * would have in words of 8 bytes.
 */
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
