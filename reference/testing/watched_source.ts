import type { ByteRange } from "../../format/bytes/mod.ts";
import {
  memorySource,
  type SourceReadOptions,
  type SyncByteSource,
} from "../sources/mod.ts";

/** A source in memory that records each read and fails at chosen ones. */
export class WatchedSource implements SyncByteSource {
  readonly name = "watched";
  readonly byteLength: number;
  /** Every range read so far, failed reads included. */
  readonly ranges: ByteRange[] = [];
  /** Numbers of the reads that fail, counted from 0. */
  readonly failing = new Set<number>();
  /** The error of failing reads. */
  readonly error = new Error("the source failed");
  readonly #source: SyncByteSource;

  /** Reads from `bytes`, which are not copied. */
  constructor(bytes: Uint8Array) {
    this.#source = memorySource(bytes);
    this.byteLength = bytes.length;
  }

  readIntoSync(target: Uint8Array, offset: number): void {
    const number = this.ranges.length;
    this.ranges.push({ offset, length: target.length });
    if (this.failing.has(number)) throw this.error;
    this.#source.readIntoSync(target, offset);
  }

  /** Fills the target one turn of the event loop later, as a disk does. */
  async readInto(
    target: Uint8Array,
    offset: number,
    options: SourceReadOptions = {},
  ): Promise<void> {
    const number = this.ranges.length;
    this.ranges.push({ offset, length: target.length });
    await new Promise((resolve) => setTimeout(resolve, 0));
    options.signal?.throwIfAborted();
    if (this.failing.has(number)) throw this.error;
    this.#source.readIntoSync(target, offset);
  }
}
