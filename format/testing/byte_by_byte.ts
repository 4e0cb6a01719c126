import type { ByteRequest, Walk, WalkedFile } from "../bytes/walk.ts";
import {
  type ForwardRequest,
  isForward,
} from "../sequential/forward_reader.ts";

/**
 * A socket that never delivers more bytes than are required. A request past the
 * last byte would wait forever, and throws.
 */
export class ByteByByte implements WalkedFile {
  readonly name = "socket";
  readonly byteLength = Infinity;
  readonly #bytes: Uint8Array;
  /** Whether the peer closes the connection after the last byte. */
  readonly #ends: boolean;

  /** Makes a socket that delivers these bytes. */
  constructor(bytes: Uint8Array, { ends = false } = {}) {
    this.#bytes = bytes;
    this.#ends = ends;
  }

  /** Drives a walk to its end. */
  run<T>(walk: Walk<T>): T {
    let step = walk.next();
    while (!step.done) step = walk.next(this.#answer(step.value));
    return step.value;
  }

  #answer(request: ByteRequest): Uint8Array {
    if (!isForward(request)) throw new Error("It is not read forward");
    const { offset, least, target }: ForwardRequest = request;
    const rest = this.#bytes.length - offset;
    if (least > rest && !this.#ends) {
      throw new Error(`Waits for ${least} bytes, ${rest} are to come`);
    }
    const length = Math.min(least, rest);
    target.set(this.#bytes.subarray(offset, offset + length));
    return target.subarray(0, length);
  }
}
