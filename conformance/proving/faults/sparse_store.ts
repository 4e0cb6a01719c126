import type { ByteSink, SyncByteSource } from "../../../mod.ts";

/**
 * A sink and a source in memory that stores only what was written, no holes.
 */
export class SparseStore implements ByteSink, SyncByteSource {
  readonly name = "sparse";
  byteLength = 0;
  /** Number of reads. */
  reads = 0;
  /** Total number of bytes read. */
  bytesRead = 0;
  readonly #parts: { offset: number; bytes: Uint8Array }[] = [];

  write(bytes: Uint8Array, offset: number): Promise<void> {
    this.#parts.push({ offset, bytes: bytes.slice() });
    this.byteLength = Math.max(this.byteLength, offset + bytes.length);
    return Promise.resolve();
  }

  readIntoSync(target: Uint8Array, offset: number): void {
    this.reads++;
    this.bytesRead += target.length;
    target.fill(0);
    const end = offset + target.length;
    for (const { offset: start, bytes } of this.#parts) {
      const from = Math.max(offset, start);
      const to = Math.min(end, start + bytes.length);
      if (from < to) {
        target.set(bytes.subarray(from - start, to - start), from - offset);
      }
    }
  }

  readInto(target: Uint8Array, offset: number): Promise<void> {
    this.readIntoSync(target, offset);
    return Promise.resolve();
  }

  setLength(byteLength: number): Promise<void> {
    this.byteLength = byteLength;
    return Promise.resolve();
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  commit(): Promise<void> {
    return Promise.resolve();
  }

  abort(): Promise<void> {
    this.#parts.length = 0;
    return Promise.resolve();
  }
}
