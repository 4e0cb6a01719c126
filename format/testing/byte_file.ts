import type { ByteRequest, Walk, WalkedFile } from "../walk.ts";

/** A file of bytes in memory for walks; it notes what they ask for. */
export class ByteFile implements WalkedFile {
  readonly name = "bytes";
  readonly byteLength: number;
  /** Every request so far. */
  readonly requests: ByteRequest[] = [];
  readonly #bytes: Uint8Array;

  /** A file that starts with `bytes` and has zeros from there to `byteLength`. */
  constructor(bytes: Uint8Array, byteLength = bytes.length) {
    this.#bytes = bytes;
    this.byteLength = byteLength;
  }

  /** Drives a walk to its end; a request that is not inside the file throws. */
  run<T>(walk: Walk<T>): T {
    let step = walk.next();
    while (!step.done) {
      const { offset, length, target } = step.value;
      this.requests.push(step.value);
      if (offset < 0 || offset + length > this.byteLength) {
        throw new Error(`${length} bytes at ${offset} are not in the file`);
      }
      const bytes = target ?? new Uint8Array(length);
      bytes.fill(0).set(this.#bytes.subarray(offset, offset + length));
      step = walk.next(bytes);
    }
    return step.value;
  }
}
