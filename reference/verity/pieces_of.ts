import type { ByteRange } from "../../format/bytes/mod.ts";
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
 * Yields a read in pieces of whole blocks, of at most `maxBytes`. Whole blocks
 * are read in place. Others are read into a buffer of their own, so that only
 * checked bytes are handed over, together with their neighbors if the read is
 * short.
 */
export function* piecesOf(
  { byteLength }: { readonly byteLength: number },
  target: Uint8Array,
  { offset, maxBytes = CHUNK }: {
    readonly offset: number;
    readonly maxBytes?: number | undefined;
  },
): Generator<Piece> {
  const end = offset + target.length;
  const paddedEnd = end + padding(end);
  for (let at = offset; at < end;) {
    const start = at - at % VERITY_BLOCK;
    const first = start / VERITY_BLOCK;
    const isWhole = start === at && paddedEnd === end;
    const isShort = paddedEnd - start <= CHUNK;
    const wholeEnd = Math.min(start + maxBytes, end - end % VERITY_BLOCK);
    if (isWhole || !isShort && start === at && wholeEnd > start) {
      const bytes = target.subarray(at - offset, wholeEnd - offset);
      yield { first, bytes, read: bytes, offset: start, handOver() {} };
      at = wholeEnd;
      continue;
    }
    const stop = isShort ? paddedEnd : start + VERITY_BLOCK;
    const bytes = new Uint8Array(stop - start);
    const read = bytes.subarray(0, Math.min(stop, byteLength) - start);
    const from = at;
    yield {
      first,
      bytes,
      read,
      offset: start,
      handOver() {
        const until = Math.min(stop, end);
        target.set(bytes.subarray(from - start, until - start), from - offset);
      },
    };
    at = stop;
  }
}

/** Returns the whole blocks, up to the end of the file, that hold a range. */
export function wholeBlocks(
  { byteLength }: { readonly byteLength: number },
  { offset, length }: ByteRange,
): ByteRange {
  if (length === 0) return { offset, length };
  const start = offset - offset % VERITY_BLOCK;
  const end = offset + length;
  const stop = Math.min(end + padding(end), byteLength);
  return { offset: start, length: stop - start };
}

/** Bytes from a position to the next block. */
function padding(position: number): number {
  return (VERITY_BLOCK - position % VERITY_BLOCK) % VERITY_BLOCK;
}
