/** A cursor over the state of a device that does not leave the part it is in. */
export class FieldCursor {
  /** Position of the next byte. */
  position = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #end: number;

  /** Over all of a state. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#end = bytes.length;
  }

  /** Bytes left of the part. */
  get left(): number {
    return this.#end - this.position;
  }

  /**
   * Runs `read` on the next `length` bytes alone; undefined if it leaves some.
   * What exceeds them is a RangeError.
   */
  within<T>(length: number, read: () => T): T | undefined {
    const end = this.#end;
    this.#check(length);
    this.#end = this.position + length;
    try {
      const value = read();
      return this.left === 0 ? value : undefined;
    } finally {
      this.#end = end;
    }
  }

  /** A view of the next bytes. */
  bytes(length: number): Uint8Array {
    this.#check(length);
    const start = this.position;
    this.position += length;
    return this.#bytes.subarray(start, this.position);
  }

  /** Reads a byte. */
  u8(): number {
    this.#check(1);
    return this.#view.getUint8(this.position++);
  }

  /** Reads a big-endian u32. */
  be32(): number {
    this.#check(4);
    this.position += 4;
    return this.#view.getUint32(this.position - 4);
  }

  /** Reads a big-endian u64. */
  be64(): bigint {
    this.#check(8);
    this.position += 8;
    return this.#view.getBigUint64(this.position - 8);
  }

  /** Reads a big-endian integer of 1, 2, 4 or 8 bytes; of 8, a bigint. */
  integer(
    size: number,
    { isSigned }: { readonly isSigned: boolean },
  ): number | bigint {
    this.#check(size);
    const at = this.position;
    this.position += size;
    const view = this.#view;
    switch (size) {
      case 1:
        return isSigned ? view.getInt8(at) : view.getUint8(at);
      case 2:
        return isSigned ? view.getInt16(at) : view.getUint16(at);
      case 4:
        return isSigned ? view.getInt32(at) : view.getUint32(at);
      case 8:
        return isSigned ? view.getBigInt64(at) : view.getBigUint64(at);
    }
    throw new TypeError(`Cannot read an integer of ${size} bytes`);
  }

  /** Reads a counted string, each byte one char code. */
  countedString(): string {
    return String.fromCharCode(...this.bytes(this.u8()));
  }

  #check(length: number): void {
    if (length > this.left) {
      throw new RangeError(
        `Cannot read ${length} bytes: ${this.left} are left`,
      );
    }
  }
}
