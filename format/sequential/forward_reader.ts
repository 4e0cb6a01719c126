import { GrowingBytes } from "../bytes/growing_bytes.ts";
import type { ByteRequest, Walk, WalkedFile } from "../bytes/walk.ts";
import {
  StreamReader,
  type StreamReaderOptions,
} from "../stream/stream_reader.ts";

/**
 * A request for the next bytes. `target` has room for `length` of them; a
 * driver of a source that is read from start to end, such as a socket, may
 * store fewer, but not fewer than `least`, except at the end. It sends back the
 * part of `target` that it has filled.
 */
export interface ForwardRequest extends ByteRequest {
  /** Number of bytes needed to continue. */
  readonly least: number;
  /** Where to store the bytes. */
  readonly target: Uint8Array;
}

/** Whether a driver may store fewer bytes than requested. */
export function isForward(request: ByteRequest): request is ForwardRequest {
  return "least" in request;
}

/** Bytes per buffer: few enough for the processor's cache. */
const BUFFER_LENGTH = 0x40000;
/** Maximum number of bytes kept for the caller. */
const KEPT_MAX = 0x4000000;

/**
 * A forward-only reader of a file of any length, or of a socket, with two
 * buffers that it uses in turn. The bytes that it returns are valid until it
 * has requested more bytes twice.
 */
export class ForwardReader extends StreamReader {
  #buffer = new Uint8Array(BUFFER_LENGTH);
  #spare = new Uint8Array(BUFFER_LENGTH);
  /** Position in the file of the first byte of the buffer. */
  #bufferOffset: number;
  #ended = false;
  #keptFrom: number | undefined;
  #heldLength = 0;
  #kept = new GrowingBytes();

  /** Starts at `offset` in the file; the length of a socket is `Infinity`. */
  constructor(
    file: WalkedFile,
    offset: number,
    options?: StreamReaderOptions,
  ) {
    super(file, offset, options);
    this.#bufferOffset = offset;
  }

  /** Makes `length` bytes available, or all that are left. */
  override *fetch(length: number): Walk<void> {
    while (this.available < length && !this.#ended) {
      yield* this.#fill(length - this.available);
    }
  }

  /** Makes at least one byte available, unless there are no more. */
  *fetchSome(): Walk<void> {
    if (this.available === 0 && !this.#ended) yield* this.#fill(1);
  }

  /** Skips `length` bytes by reading them. */
  override *skip(length: number, field: string): Walk<void> {
    for (let remaining = length; remaining > 0;) {
      yield* this.fetch(1);
      const part = Math.min(remaining, Math.max(1, this.available));
      this.bytes(part, field);
      remaining -= part;
    }
  }

  /**
   * Starts to keep a copy of the bytes that are read. The caller holds
   * `heldLength` bytes of earlier ones, which count towards the limit.
   */
  keep(heldLength = 0): void {
    this.forget();
    this.#heldLength = heldLength;
    this.#keptFrom = this.offset;
  }

  /** Drops the bytes kept since `keep`, and stops keeping. */
  forget(): void {
    this.#keptFrom = undefined;
    this.#kept = new GrowingBytes();
  }

  /** Returns the bytes read since `keep`, and stops keeping. */
  kept(): Uint8Array {
    const bytes = this.takeKept();
    this.#checkKept(bytes.length);
    return bytes;
  }

  /** Returns the same without a limit on its length. */
  takeKept(): Uint8Array {
    if (this.#keptFrom !== undefined) this.#keepRead(this.#keptFrom);
    const bytes = this.#kept.bytes.slice();
    this.forget();
    return bytes;
  }

  /**
   * Returns the bytes fetched from `offset` on, as far as they are still
   * buffered.
   */
  fetchedFrom(offset: number): Uint8Array {
    const start = Math.max(0, offset - this.#bufferOffset);
    const end = this.offset - this.#bufferOffset + this.available;
    return this.#buffer.slice(start, end);
  }

  /** Moves to `offset`, which must be within the available bytes. */
  override seek(offset: number): void {
    const distance = offset - this.offset;
    if (distance < 0 || distance > this.available) {
      throw new RangeError(
        `Cannot move by ${distance} bytes: they are not read`,
      );
    }
    this.advance(distance);
  }

  *#fill(least: number): Walk<void> {
    if (this.#keptFrom !== undefined) this.#keepRead(this.#keptFrom);
    this.#checkKept(this.#kept.length);
    const remaining = this.available;
    const position = this.offset;
    this.#turn(remaining, least);
    this.#bufferOffset = position;
    const fileRest = this.fileLength - position - remaining;
    const length = Math.max(
      0,
      Math.min(this.#buffer.length - remaining, fileRest),
    );
    const target = this.#buffer.subarray(remaining, remaining + length);
    let filled = 0;
    if (length > 0) {
      const request: ForwardRequest = {
        offset: position + remaining,
        length,
        target,
        least: Math.min(least, length),
      };
      filled = (yield request).length;
    }
    if (filled < least) this.#ended = true;
    this.refill(this.#buffer.subarray(0, remaining + filled), position);
  }

  /**
   * Copies the remaining bytes to the front of the other buffer: bytes that
   * were returned remain valid while the next ones are requested.
   */
  #turn(remaining: number, least: number): void {
    const start = this.offset - this.#bufferOffset;
    const buffer = remaining + least > this.#spare.length
      ? new Uint8Array(2 * (remaining + least))
      : this.#spare;
    buffer.set(this.#buffer.subarray(start, start + remaining));
    this.#spare = this.#buffer;
    this.#buffer = buffer;
  }

  #keepRead(keptFrom: number): void {
    const from = keptFrom - this.#bufferOffset;
    const to = this.offset - this.#bufferOffset;
    this.#keptFrom = this.offset;
    this.#kept.append(this.#buffer.subarray(from, to));
  }

  #checkKept(keptLength: number): void {
    const length = this.#heldLength + keptLength;
    if (length <= KEPT_MAX) return;
    throw this.unsupportedError("section-known", {
      feature: `more than ${KEPT_MAX} bytes of state before the end of the RAM`,
      offset: this.offset,
      found: `${length} bytes of state before the end of the RAM`,
      expected: `at most ${KEPT_MAX}`,
    });
  }
}
