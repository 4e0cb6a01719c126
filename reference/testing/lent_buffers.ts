import assert from "node:assert/strict";
import { Buffer } from "node:buffer";

/** The value of all bytes of a buffer that was taken back. */
const TAKEN_BACK = 0x5a;

/**
 * Buffers that are lent to reads and overwritten once the read has settled, so
 * that a later write is detected.
 */
export class LentBuffers {
  readonly #buffers: { readonly bytes: Uint8Array; readonly what: string }[] =
    [];
  /** Number of reads that filled their buffer. */
  filled = 0;
  /** Number of reads that failed. */
  failed = 0;

  /**
   * Lends a buffer of `expected.length` bytes to a read, which must fill it
   * with these bytes or reject, and takes it back afterwards.
   */
  async lend(
    expected: Uint8Array,
    what: string,
    read: (target: Uint8Array) => Promise<unknown>,
  ): Promise<void> {
    const bytes = new Uint8Array(expected.length).fill(0xc3);
    try {
      await read(bytes);
      this.filled++;
      const isSame = Buffer.compare(bytes, expected) === 0;
      assert(isSame, `${what}: other bytes`);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      this.failed++;
    } finally {
      bytes.fill(TAKEN_BACK);
      this.#buffers.push({ bytes, what });
    }
  }

  /** Checks that no buffer was written to after its read had settled. */
  check(): void {
    for (const { bytes, what } of this.#buffers) {
      const at = bytes.findIndex((byte) => byte !== TAKEN_BACK);
      assert.equal(at, -1, `${what}: written at ${at} after it had settled`);
    }
  }
}
