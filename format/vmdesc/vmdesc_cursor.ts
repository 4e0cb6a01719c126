import type { IntegerType } from "../bytes/integer_type.ts";

/** A cursor over the state of a device that can be confined to a part of it. */
export class FieldCursor {
  /** Position of the next byte. */
  position = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #end: number;

  /** Reads all of a state. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#end = bytes.length;
  }

  /** Number of unread bytes of the part. */
  get remaining(): number {
    return this.#end - this.position;
  }

  /**
   * Runs `read`, confined to the next `length` bytes; returns undefined if it
   * leaves some unread. Reading past them is a RangeError.
   */
  within<T>(length: number, read: () => T): T | undefined {
    const end = this.#end;
    this.#check(length);
    this.#end = this.position + length;
    try {
      const value = read();
      return this.remaining === 0 ? value : undefined;
    } finally {
      this.#end = end;
    }
  }

  /** Reads bytes and returns a view of them. */
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

  /** Reads an integer. */
  integer({ size, read }: IntegerType): number | bigint {
    this.#check(size);
    this.position += size;
    return read(this.#view, this.position - size);
  }

  /** Reads `count` integers: a device may have tens of thousands in a row. */
  integers(count: number, { size, read }: IntegerType): (number | bigint)[] {
    this.#check(count * size);
    const values = new Array<number | bigint>(count);
    const view = this.#view;
    const start = this.position;
    for (let index = 0; index < count; index++) {
      values[index] = read(view, start + index * size);
    }
    this.position = start + count * size;
    return values;
  }

  /** Reads a counted string, each byte one char code. */
  countedString(): string {
    return String.fromCharCode(...this.bytes(this.u8()));
  }

  #check(length: number): void {
    if (length > this.remaining) {
      throw new RangeError(
        `Cannot read ${length} bytes: only ${this.remaining} are left`,
      );
    }
  }
}
