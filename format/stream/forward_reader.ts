import { GrowingBytes } from "../bytes/growing_bytes.ts";
import type { ByteRequest, Walk, WalkedFile } from "../bytes/walk.ts";
import { type Report, StreamReader } from "./stream_reader.ts";

/**
 * A request for the bytes that come next. `length` of them have room in
 * `target`; a driver of something that is read from its start to its end, such as
 * a socket, may give fewer, but not fewer than `least`, except at the end. What
 * it sends back is the part of `target` that it has filled.
 */
export interface ForwardRequest extends ByteRequest {
  /** So many bytes are needed to go on. */
  readonly least: number;
  /** Where the bytes shall go. */
  readonly target: Uint8Array;
}

/** Whether a driver may give fewer bytes than were asked for. */
export function isForward(request: ByteRequest): request is ForwardRequest {
  return "least" in request;
}

/** Bytes that are looked at together: few enough for the processor's cache. */
const BUFFER_LENGTH = 0x40000;
/** Most bytes that are kept for the caller. */
const KEPT_MAX = 0x4000000;

/**
 * A reader that goes forward only, through two buffers that are used in turn: of
 * a file of any length, or of a socket. What it hands out is good until it has
 * asked for more bytes twice.
 */
export class ForwardReader extends StreamReader {
  #buffer = new Uint8Array(BUFFER_LENGTH);
  #spare = new Uint8Array(BUFFER_LENGTH);
  /** Where in the file the first byte of the buffer stands. */
  #bufferOffset: number;
  #ended = false;
  #keptFrom: number | undefined;
  #kept = new GrowingBytes();

  /** Starts at `offset` in the file; of a socket the length is `Infinity`. */
  constructor(file: WalkedFile, offset: number, report?: Report) {
    super(file, offset, report);
    this.#bufferOffset = offset;
  }

  /** Makes `length` bytes available, or as many as there are. */
  override *fetch(length: number): Walk<void> {
    while (this.available < length && !this.#ended) {
      yield* this.#fill(length - this.available);
    }
  }

  /** Makes some bytes available, unless there are no more. */
  *fetchSome(): Walk<void> {
    if (this.available === 0 && !this.#ended) yield* this.#fill(1);
  }

  /** Passes over `length` bytes, which are read. */
  override *skip(length: number, field: string): Walk<void> {
    for (let left = length; left > 0;) {
      yield* this.fetch(1);
      const part = Math.min(left, Math.max(1, this.available));
      this.bytes(part, field);
      left -= part;
    }
  }

  /** Keeps a copy of what is read from here on. */
  keep(): void {
    this.forget();
    this.#keptFrom = this.offset;
  }

  /** Gives up what was kept since `keep`. */
  forget(): void {
    this.#keptFrom = undefined;
    this.#kept = new GrowingBytes();
  }

  /** What was read since `keep`, up to here. */
  kept(): Uint8Array {
    const bytes = this.takeKept();
    this.#checkKept(bytes.length);
    return bytes;
  }

  /** The same, however much it is. */
  takeKept(): Uint8Array {
    if (this.#keptFrom !== undefined) this.#keepRead(this.#keptFrom);
    const bytes = this.#kept.bytes.slice();
    this.forget();
    return bytes;
  }

  /** What was fetched from `offset` on, as far as it is still there. */
  fetchedFrom(offset: number): Uint8Array {
    const start = Math.max(0, offset - this.#bufferOffset);
    const end = this.offset - this.#bufferOffset + this.available;
    return this.#buffer.slice(start, end);
  }

  /** Nothing is far behind: what is passed over must be read. */
  override seek(offset: number): void {
    const distance = offset - this.offset;
    if (distance < 0 || distance > this.available) {
      throw new RangeError(`Cannot move by ${distance} bytes: it is not read`);
    }
    this.advance(distance);
  }

  *#fill(least: number): Walk<void> {
    if (this.#keptFrom !== undefined) this.#keepRead(this.#keptFrom);
    this.#checkKept(this.#kept.length);
    const left = this.available;
    const position = this.offset;
    this.#turn(left, least);
    this.#bufferOffset = position;
    const rest = this.fileLength - position - left;
    const length = Math.max(0, Math.min(this.#buffer.length - left, rest));
    const target = this.#buffer.subarray(left, left + length);
    let got = 0;
    if (length > 0) {
      const request: ForwardRequest = {
        offset: position + left,
        length,
        target,
        least: Math.min(least, length),
      };
      got = (yield request).length;
    }
    if (got < least) this.#ended = true;
    this.refill(this.#buffer.subarray(0, left + got), position);
  }

  /**
   * Copies the bytes that are left to the front of the other buffer: what was
   * handed out stays as it is while the next bytes are asked for.
   */
  #turn(left: number, least: number): void {
    const start = this.offset - this.#bufferOffset;
    const buffer = left + least > this.#spare.length
      ? new Uint8Array(2 * (left + least))
      : this.#spare;
    buffer.set(this.#buffer.subarray(start, start + left));
    this.#spare = this.#buffer;
    this.#buffer = buffer;
  }

  #keepRead(keptFrom: number): void {
    const from = keptFrom - this.#bufferOffset;
    const to = this.offset - this.#bufferOffset;
    this.#keptFrom = this.offset;
    this.#kept.append(this.#buffer.subarray(from, to));
  }

  #checkKept(length: number): void {
    if (length <= KEPT_MAX) return;
    throw this.unsupportedError("section-known", {
      feature: "that much state before the end of the RAM",
      offset: this.offset,
      found: `${length} bytes of state before the end of the RAM`,
      expected: `at most ${KEPT_MAX}`,
    });
  }
}
