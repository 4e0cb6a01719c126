import { setBacking } from "./backing.ts";
import type { ReadOptions, SyncByteSource } from "./byte_source.ts";
import { checkRange } from "./check_range.ts";

/**
 * Makes a source over bytes in memory, without copying them.
 *
 * @example
 * ```ts
 * import { memorySource } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const source = memorySource(new Uint8Array([1, 2, 3]), { name: "three" });
 * const target = new Uint8Array(2);
 * source.readIntoSync(target, 1);
 * assert.deepEqual([...target], [2, 3]);
 * ```
 */
export function memorySource(
  bytes: Uint8Array,
  options: { readonly name?: string } = {},
): SyncByteSource {
  return new MemorySource(bytes, options.name ?? "memory");
}

class MemorySource implements SyncByteSource {
  readonly name: string;
  readonly byteLength: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, name: string) {
    this.name = name;
    this.byteLength = bytes.length;
    this.#bytes = bytes;
    if (isShared(bytes)) setBacking(this, { kind: "memory", name, bytes });
  }

  readIntoSync(target: Uint8Array, offset: number): void {
    checkRange(this, offset, target.length);
    target.set(this.#bytes.subarray(offset, offset + target.length));
  }

  // deno-lint-ignore require-await -- errors must become rejections
  async readInto(
    target: Uint8Array,
    offset: number,
    options: ReadOptions = {},
  ): Promise<void> {
    options.signal?.throwIfAborted();
    this.readIntoSync(target, offset);
  }
}

function isShared(bytes: Uint8Array): bytes is Uint8Array<SharedArrayBuffer> {
  return typeof SharedArrayBuffer !== "undefined" &&
    bytes.buffer instanceof SharedArrayBuffer;
}
