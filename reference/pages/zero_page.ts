import { bitmapByteLength, PageBitmap } from "../../format/bitmap/mod.ts";

/** The functions of `zero_page.wat`. */
interface PageScans {
  readonly markNonZeroPages: (
    first: number,
    pageSize: number,
    pageCount: number,
    bitmap: number,
  ) => number;
  readonly markDifferentPages: (
    first: number,
    other: number,
    pageSize: number,
    pageCount: number,
    bitmap: number,
  ) => number;
}

const WASM_PAGE = 0x10000;

/** The assembled `zero_page.wat`: 429 bytes, encoded in base64. */
export const ZERO_PAGE_WASM =
  "AGFzbQEAAAABEgJgBH9/f38Bf2AFf39/f38BfwIPAQNlbnYGbWVtb3J5AgABAwMCAAEHKQIQbW" +
  "Fya05vblplcm9QYWdlcwAAEm1hcmtEaWZmZXJlbnRQYWdlcwABCs0CAosBAQV/IAAhBQJAA0Ag" +
  "BCACTw0BIAUgAWohBgJAAkADQCAF/QAEACAF/QAEEP1QIAX9AAQgIAX9AAQw/VD9UP1TDQEgBU" +
  "HAAGohBSAFIAZJDQALDAELIAMgBEEDdmohByAHIActAABBASAEQQdxdHI6AAAgCEEBaiEICyAG" +
  "IQUgBEEBaiEEDAALCyAIC70BAQZ/IAAhBgJAA0AgBSADTw0BIAYgAmohByABIAYgAGtqIQoCQA" +
  "JAA0AgBv0ABAAgCv0ABAD9USAG/QAEECAK/QAEEP1R/VAgBv0ABCAgCv0ABCD9USAG/QAEMCAK" +
  "/QAEMP1R/VD9UP1TDQEgBkHAAGohBiAKQcAAaiEKIAYgB0kNAAsMAQsgBCAFQQN2aiEIIAggCC" +
  "0AAEEBIAVBB3F0cjoAACAJQQFqIQkLIAchBiAFQQFqIQUMAAsLIAkL";

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
 * Memory to read pages into, and to scan for zero pages or compare in place, at
 * the speed of the memory. It is `WebAssembly.Memory`: page-aligned, and scanned
 * by SIMD instructions, or by a plain loop if the runtime does not support them.
 */
export class PageBuffer {
  /** The pages. */
  readonly bytes: Uint8Array;
  readonly #bitmap: Uint8Array;
  readonly #scans: PageScans | undefined;

  /** Allocates `byteLength` bytes for pages. */
  constructor(byteLength: number) {
    // One bit for each page of the smallest size, 256 bytes.
    const bitmapLength = bitmapByteLength(byteLength / 256);
    const memory = new WebAssembly.Memory({
      initial: Math.ceil((byteLength + bitmapLength) / WASM_PAGE),
    });
    this.bytes = new Uint8Array(memory.buffer, 0, byteLength);
    this.#bitmap = new Uint8Array(memory.buffer, byteLength, bitmapLength);
    this.#scans = instantiate(memory);
  }

  /**
   * Returns a bitmap of `pageCount` pages at `start`, with zero pages clear.
   */
  nonZeroPages(
    pageSize: number,
    pageCount: number,
    { start = 0 }: { readonly start?: number } = {},
  ): PageBitmap {
    const bitmap = this.#clearBitmap(pageCount);
    if (this.#scans === undefined) {
      markNonZeroPages(this.bytes.subarray(start), pageSize, bitmap);
    } else {
      const { byteOffset } = bitmap.bytes;
      this.#scans.markNonZeroPages(start, pageSize, pageCount, byteOffset);
    }
    return bitmap;
  }

  /**
   * Returns a bitmap of `pageCount` pages at `start`, with those set that differ
   * from the pages at `other`.
   */
  differentPages(
    pageSize: number,
    pageCount: number,
    { start, other }: { readonly start: number; readonly other: number },
  ): PageBitmap {
    const bitmap = this.#clearBitmap(pageCount);
    const [one, two] = [start, other].map((it) => this.bytes.subarray(it));
    if (this.#scans === undefined) {
      markDifferentPages([one, two], pageSize, bitmap);
    } else {
      this.#scans.markDifferentPages(
        one.byteOffset,
        two.byteOffset,
        pageSize,
        pageCount,
        bitmap.bytes.byteOffset,
      );
    }
    return bitmap;
  }

  /** Returns a bitmap that the next scan clears. */
  #clearBitmap(pageCount: number): PageBitmap {
    const bits = this.#bitmap.subarray(0, bitmapByteLength(pageCount));
    bits.fill(0);
    return new PageBitmap(pageCount, bits);
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

/** Sets the bit of each page that differs between two buffers. */
export function markDifferentPages(
  [one, other]: readonly Uint8Array[],
  pageSize: number,
  bitmap: PageBitmap,
): void {
  for (let page = 0; page < bitmap.pageCount; page++) {
    const start = page * pageSize;
    const [a, b] = [one, other].map(({ buffer, byteOffset }) =>
      new BigUint64Array(buffer, byteOffset + start, pageSize / 8)
    );
    if (a.some((word, index) => word !== b[index])) bitmap.set(page);
  }
}

let compiled: WebAssembly.Module | null | undefined;

function instantiate(memory: WebAssembly.Memory): PageScans | undefined {
  compiled ??= compile();
  if (compiled === null) return undefined;
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  return exports as unknown as PageScans;
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
