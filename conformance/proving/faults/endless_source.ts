import assert from "node:assert/strict";
import type { SyncByteSource } from "../../../mod.ts";

/**
 * A source of bytes followed by zeros up to 2^53 - 1, which counts its reads.
 */
export class EndlessSource implements SyncByteSource {
  readonly name = "endless";
  readonly byteLength: number = Number.MAX_SAFE_INTEGER;
  /** Number of reads. */
  reads = 0;
  /** Total number of bytes read. */
  bytesAsked = 0;
  /** Size of the largest read. */
  largestRead = 0;
  readonly #bytes: Uint8Array;

  /** Makes a source that starts with these bytes. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  readIntoSync(target: Uint8Array, offset: number): void {
    assert(Number.isSafeInteger(offset) && offset >= 0);
    assert(offset + target.length <= this.byteLength);
    this.reads++;
    this.bytesAsked += target.length;
    this.largestRead = Math.max(this.largestRead, target.length);
    const part = this.#bytes.subarray(offset, offset + target.length);
    target.set(part);
    target.fill(0, part.length);
  }

  // deno-lint-ignore require-await -- an exception must become a rejection
  async readInto(target: Uint8Array, offset: number): Promise<void> {
    this.readIntoSync(target, offset);
  }
}
