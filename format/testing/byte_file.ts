import type { ByteRequest, Walk, WalkedFile } from "../bytes/walk.ts";

/** A file in memory for walks; it records their requests. */
export class ByteFile implements WalkedFile {
  readonly name = "bytes";
  readonly byteLength: number;
  /** Every request so far. */
  readonly requests: ByteRequest[] = [];
  readonly #bytes: Uint8Array;
  readonly #tail: Uint8Array;

  /**
   * Makes a file of `byteLength` bytes that starts with `bytes`, ends with
   * `tail`, and has zeros between them.
   */
  constructor(
    bytes: Uint8Array,
    byteLength = bytes.length,
    { tail = new Uint8Array(0) }: { readonly tail?: Uint8Array } = {},
  ) {
    this.#bytes = bytes;
    this.byteLength = byteLength;
    this.#tail = tail;
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
      const before = this.byteLength - this.#tail.length - offset;
      if (before < length) {
        const tail = this.#tail.subarray(Math.max(0, -before), length - before);
        bytes.set(tail, Math.max(0, before));
      }
      step = walk.next(bytes);
    }
    return step.value;
  }
}
