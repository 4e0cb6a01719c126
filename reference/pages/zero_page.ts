import { bitmapByteLength, PageBitmap } from "../../format/bitmap/mod.ts";

type MarkNonZeroPages = (
  first: number,
  pageSize: number,
  pageCount: number,
  bitmap: number,
) => number;

const WASM_PAGE = 0x10000;

/** The assembled `zero_page.wat`: 207 bytes, encoded in base64. */
export const ZERO_PAGE_WASM =
  "AGFzbQEAAAABCQFgBH9/f38BfwIPAQNlbnYGbWVtb3J5AgABAwIBAAcUARBtYXJrTm9uWmVy" +
  "b1BhZ2VzAAAKjgEBiwEBBX8gACEFAkADQCAEIAJPDQEgBSABaiEGAkACQANAIAX9AAQAIAX9" +
  "AAQQ/VAgBf0ABCAgBf0ABDD9UP1Q/VMNASAFQcAAaiEFIAUgBkkNAAsMAQsgAyAEQQN2aiEH" +
  "IAcgBy0AAEEBIARBB3F0cjoAACAIQQFqIQgLIAYhBSAEQQFqIQQMAAsLIAgL";

/** Whether all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  const { buffer, byteOffset, byteLength } = bytes;
  if (byteOffset % 8 !== 0 || byteLength % 8 !== 0) {
    return bytes.every((byte) => byte === 0);
  }
  const words = new BigUint64Array(buffer, byteOffset, byteLength / 8);
  // In a page of code or data, one of the first words is usually not zero.
  for (let index = 0; index < words.length; index++) {
    if (words[index] !== 0n) return false;
  }
  return true;
}

/**
 * Memory to read pages into and to scan for zero pages in place, at the speed
 * of the memory. It is `WebAssembly.Memory`: page-aligned, and scanned by SIMD
 * instructions, or by a plain loop if the runtime does not support them.
 */
export class PageBuffer {
  /** The pages. */
  readonly bytes: Uint8Array;
  readonly #bitmap: Uint8Array;
  readonly #mark: MarkNonZeroPages | undefined;

  /** Allocates `byteLength` bytes for pages. */
  constructor(byteLength: number) {
    // One bit for each page of the smallest size, 256 bytes.
    const bitmapLength = bitmapByteLength(byteLength / 256);
    const memory = new WebAssembly.Memory({
      initial: Math.ceil((byteLength + bitmapLength) / WASM_PAGE),
    });
    this.bytes = new Uint8Array(memory.buffer, 0, byteLength);
    this.#bitmap = new Uint8Array(memory.buffer, byteLength, bitmapLength);
    this.#mark = instantiate(memory);
  }

  /**
   * Returns a bitmap of `pageCount` pages at `start`, with zero pages clear.
   */
  nonZeroPages(
    pageSize: number,
    pageCount: number,
    { start = 0 }: { readonly start?: number } = {},
  ): PageBitmap {
    const bits = this.#bitmap.subarray(0, bitmapByteLength(pageCount));
    bits.fill(0);
    const bitmap = new PageBitmap(pageCount, bits);
    if (this.#mark !== undefined) {
      this.#mark(start, pageSize, pageCount, bits.byteOffset);
    } else {
      markNonZeroPages(this.bytes.subarray(start), pageSize, bitmap);
    }
    return bitmap;
  }
}

/** Sets the bit of each page of `bytes` that is not all zero. */
export function markNonZeroPages(
  bytes: Uint8Array,
  pageSize: number,
  bitmap: PageBitmap,
): void {
  for (let page = 0; page < bitmap.pageCount; page++) {
    const start = page * pageSize;
    if (!isZero(bytes.subarray(start, start + pageSize))) bitmap.set(page);
  }
}

let compiled: WebAssembly.Module | null | undefined;

function instantiate(memory: WebAssembly.Memory): MarkNonZeroPages | undefined {
  compiled ??= compile();
  if (compiled === null) return undefined;
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  return exports.markNonZeroPages as MarkNonZeroPages;
}

function compile(): WebAssembly.Module | null {
  const bytes = Uint8Array.from(atob(ZERO_PAGE_WASM), (c) => c.charCodeAt(0));
  try {
    return new WebAssembly.Module(bytes);
  } catch {
    // No SIMD, or the policy of a web page forbids it ('wasm-unsafe-eval').
    return null;
  }
}
