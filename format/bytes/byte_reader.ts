import {
  FormatError,
  type RuleViolation,
  UnsupportedError,
} from "../rules/errors.ts";
import type { RuleSlug } from "../rules/rules.ts";

/**
 * A forward cursor over big-endian bytes at a known position of a file. A field
 * that extends past the last byte is refused (`file-truncated`) at its offset.
 */
export class ByteReader {
  /** Name of the file, for errors. */
  readonly fileName: string;
  #view: DataView;
  #viewOffset: number;
  #position = 0;

  /** Reads `bytes`, the first of which is at `offset` in the file. */
  constructor(
    fileName: string,
    bytes: Uint8Array,
    { offset = 0 }: { readonly offset?: number } = {},
  ) {
    this.fileName = fileName;
    this.#view = viewOf(bytes);
    this.#viewOffset = offset;
  }

  /** Position in the file of the next byte. */
  get offset(): number {
    return this.#viewOffset + this.#position;
  }

  /** Bytes that can still be read. */
  get available(): number {
    return this.#view.byteLength - this.#position;
  }

  /** Continues with `bytes`, the first of which is at `offset` in the file. */
  protected refill(bytes: Uint8Array, offset: number): void {
    this.#view = viewOf(bytes);
    this.#viewOffset = offset;
    this.#position = 0;
  }

  /** Passes over `length` bytes, which must be available. */
  protected advance(length: number): void {
    this.#position += length;
  }

  /** Returns the next byte without moving on; undefined if there is none. */
  peek(): number | undefined {
    return this.available > 0 ? this.#view.getUint8(this.#position) : undefined;
  }

  /**
   * Returns the next `length` bytes, or as many as are available, without
   * moving on.
   */
  peekBytes(length: number): Uint8Array {
    return new Uint8Array(
      this.#view.buffer,
      this.#view.byteOffset + this.#position,
      Math.min(length, this.available),
    );
  }

  /** Reads a byte. */
  u8(field: string): number {
    return this.#view.getUint8(this.#take(1, field));
  }

  /** Reads a big-endian u16. */
  be16(field: string): number {
    return this.#view.getUint16(this.#take(2, field));
  }

  /** Reads a big-endian u32. */
  be32(field: string): number {
    return this.#view.getUint32(this.#take(4, field));
  }

  /** Reads a big-endian u64 of any value. */
  be64BigInt(field: string): bigint {
    return this.#view.getBigUint64(this.#take(8, field));
  }

  /** Reads a big-endian u64, refused above 2^53 - 1 (`u64-range`). */
  be64(field: string): number {
    const offset = this.offset;
    const position = this.#take(8, field);
    const high = this.#view.getUint32(position);
    if (high > 0x1fffff) {
      const value = this.#view.getBigUint64(position);
      throw this.formatError("u64-range", {
        offset,
        found: `${field} is 0x${value.toString(16)}`,
        expected: "at most 0x1fffffffffffff",
      });
    }
    return high * 0x1_0000_0000 + this.#view.getUint32(position + 4);
  }

  /** Reads `length` bytes and returns a view of them. */
  bytes(length: number, field: string): Uint8Array {
    const position = this.#take(length, field);
    return new Uint8Array(
      this.#view.buffer,
      this.#view.byteOffset + position,
      length,
    );
  }

  /**
   * Reads a counted string: a u8 length and that many bytes, each one char
   * code.
   */
  countedString(field: string): string {
    return String.fromCharCode(...this.bytes(this.u8(field), field));
  }

  /**
   * Makes a {@linkcode FormatError} about this file, to be thrown or reported.
   */
  formatError(
    rule: RuleSlug,
    violation: Omit<RuleViolation, "rule">,
  ): FormatError {
    return new FormatError(this.fileName, { rule, ...violation });
  }

  /** Makes an {@linkcode UnsupportedError} about this file, to be thrown. */
  unsupportedError(
    rule: RuleSlug,
    violation: Omit<RuleViolation, "rule"> & { readonly feature: string },
  ): UnsupportedError {
    return new UnsupportedError(this.fileName, { rule, ...violation });
  }

  #take(length: number, field: string): number {
    if (length > this.available) {
      throw this.formatError("file-truncated", {
        offset: this.offset,
        found: `${this.available} bytes up to the end of the file`,
        expected: `${length} bytes of ${field}`,
      });
    }
    const position = this.#position;
    this.#position += length;
    return position;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whether text is all printable ASCII, as every name in a stream is. */
export function isPrintableAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
