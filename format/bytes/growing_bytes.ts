/**
 * Bytes that grow at their end. The buffer doubles, so that the cost per byte is
 * constant; past the end it is zero.
 */
export class GrowingBytes {
  readonly #lengthMax: number;
  #buffer: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** Has room for `capacity` bytes, and never for more than `lengthMax`. */
  constructor(capacity = 0, lengthMax = Infinity) {
    this.#lengthMax = lengthMax;
    this.#buffer = new Uint8Array(capacity);
  }

  /** How many bytes there are. */
  get length(): number {
    return this.#length;
  }

  /** The buffer: the bytes, and the room after them. Another one after growth. */
  get buffer(): Uint8Array<ArrayBuffer> {
    return this.#buffer;
  }

  /** The bytes, as a view of the buffer. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#length);
  }

  /**
   * Grows to at least `length` bytes; the new ones are zero.
   *
   * @throws {RangeError} if that is more than the maximum
   */
  extendTo(length: number): void {
    if (length > this.#buffer.length) this.#grow(length);
    if (length > this.#length) this.#length = length;
  }

  /**
   * Adds bytes at the end.
   *
   * @throws {RangeError} if that is more than the maximum
   */
  append(bytes: Uint8Array): void {
    const position = this.#length;
    this.extendTo(position + bytes.length);
    this.#buffer.set(bytes, position);
  }

  /** Keeps the first `length` bytes, if there are more. */
  truncate(length: number): void {
    if (length >= this.#length) return;
    this.#buffer.fill(0, length, this.#length);
    this.#length = length;
  }

  /** Drops the first `length` bytes, or all if there are fewer. */
  dropFirst(length: number): void {
    this.#buffer.copyWithin(0, length, this.#length);
    this.truncate(Math.max(0, this.#length - length));
  }

  #grow(length: number): void {
    if (length > this.#lengthMax) {
      throw new RangeError(
        `Cannot keep ${length} bytes: expected at most ${this.#lengthMax}`,
      );
    }
    const doubled = Math.max(length, 2 * this.#buffer.length);
    const buffer = new Uint8Array(Math.min(doubled, this.#lengthMax));
    buffer.set(this.bytes);
    this.#buffer = buffer;
  }
}
