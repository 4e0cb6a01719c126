import assert from "node:assert/strict";
import type { SyncByteSource } from "../../../mod.ts";

/** Bytes followed by zeros up to 2^53 - 1, and how much of them is asked for. */
export class EndlessSource implements SyncByteSource {
  readonly name = "endless";
  readonly byteLength: number = Number.MAX_SAFE_INTEGER;
  /** How many reads there were. */
  reads = 0;
  /** How many bytes they asked for. */
  bytesAsked = 0;
  /** The most that one of them asked for. */
  largestRead = 0;
  readonly #bytes: Uint8Array;

  /** Starts with these bytes. */
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

  // deno-lint-ignore require-await -- what it throws must be a rejection
  async readInto(target: Uint8Array, offset: number): Promise<void> {
    this.readIntoSync(target, offset);
  }
}
