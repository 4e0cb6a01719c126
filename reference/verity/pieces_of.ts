import { VERITY_BLOCK } from "../../format/verity/mod.ts";
import { CHUNK } from "../work/mod.ts";
import type { DataBlocks } from "./check_blocks.ts";

/** A part of a read, in whole blocks. */
export interface Piece extends DataBlocks {
  /** Where to read: `bytes`, without the zeros after the end of the file. */
  readonly read: Uint8Array;
  /** Position in the file of `read`. */
  readonly offset: number;
  /** Hands the checked bytes to the caller. */
  handOver(): void;
}

/** Whether a read is one piece of whole blocks, as that of a page is. */
export function isOnePiece(target: Uint8Array, offset: number): boolean {
  return offset % VERITY_BLOCK === 0 && target.length % VERITY_BLOCK === 0 &&
    target.length <= CHUNK;
}

/**
 * Yields a read in pieces of whole blocks. Whole blocks are read in place, and
 * others into a buffer of their own, so that only checked bytes are handed over.
 */
export function* piecesOf(
  { byteLength }: { readonly byteLength: number },
  target: Uint8Array,
  offset: number,
): Generator<Piece> {
  const end = offset + target.length;
  let buffer: Uint8Array | undefined;
  for (let at = offset; at < end;) {
    const start = at - at % VERITY_BLOCK;
    const stop = Math.min(start + CHUNK, end + padding(end));
    const first = start / VERITY_BLOCK;
    const isInPlace = start === at && stop <= end;
    if (isInPlace) {
      const bytes = target.subarray(at - offset, stop - offset);
      yield { first, bytes, read: bytes, offset: start, handOver() {} };
    } else {
      buffer ??= new Uint8Array(stop - start);
      const bytes = buffer.subarray(0, stop - start);
      const read = bytes.subarray(0, Math.min(stop, byteLength) - start);
      bytes.fill(0, read.length);
      const from = at;
      yield {
        first,
        bytes,
        read,
        offset: start,
        handOver() {
          const until = Math.min(stop, end);
          target.set(
            bytes.subarray(from - start, until - start),
            from - offset,
          );
        },
      };
    }
    at = stop;
  }
}

/** Bytes from a position to the next block. */
function padding(position: number): number {
  return (VERITY_BLOCK - position % VERITY_BLOCK) % VERITY_BLOCK;
}
