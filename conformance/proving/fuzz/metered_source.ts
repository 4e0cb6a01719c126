import type { SyncByteSource } from "../../../mod.ts";

/** A source in memory that counts its reads. */
export class MeteredSource implements SyncByteSource {
  readonly name = "fuzzed";
  readonly byteLength: number;
  reads = 0;
  bytesRead = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.byteLength = bytes.length;
  }

  readIntoSync(target: Uint8Array, offset: number): void {
    const end = offset + target.length;
    const isInside = Number.isSafeInteger(offset) && offset >= 0 &&
      end <= this.byteLength;
    if (!isInside) {
      throw new Error(
        `Read of [${offset}, ${end}) of ${this.byteLength} bytes`,
      );
    }
    this.reads++;
    this.bytesRead += target.length;
    target.set(this.#bytes.subarray(offset, end));
  }

  readInto(target: Uint8Array, offset: number): Promise<void> {
    this.readIntoSync(target, offset);
    return Promise.resolve();
  }
}
