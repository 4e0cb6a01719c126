import { GrowingBytes } from "./growing_bytes.ts";

/** A growing buffer of big-endian fields: the counterpart of `ByteReader`. */
export class ByteWriter {
  readonly #written = new GrowingBytes(256);
  #view = viewOf(this.#written);

  /** Number of bytes written. */
  get length(): number {
    return this.#written.length;
  }

  /** Writes a byte. */
  u8(value: number): this {
    const position = this.#grow(1);
    this.#view.setUint8(position, value);
    return this;
  }

  /** Writes a big-endian u16. */
  be16(value: number): this {
    const position = this.#grow(2);
    this.#view.setUint16(position, value);
    return this;
  }

  /** Writes a big-endian u32. */
  be32(value: number): this {
    const position = this.#grow(4);
    this.#view.setUint32(position, value);
    return this;
  }

  /** Writes a big-endian u64. */
  be64(value: number | bigint): this {
    const position = this.#grow(8);
    this.#view.setBigUint64(position, BigInt(value));
    return this;
  }

  /** Writes bytes as they are. */
  bytes(bytes: Uint8Array): this {
    this.#written.append(bytes);
    return this;
  }

  /** Writes text of ASCII characters, without a length. */
  text(text: string): this {
    return this.bytes(new TextEncoder().encode(text));
  }

  /** Writes a counted string: a u8 length and that many bytes. */
  countedString(text: string): this {
    return this.u8(text.length).text(text);
  }

  /** Returns a copy of the bytes written. */
  finish(): Uint8Array {
    return this.#written.bytes.slice();
  }

  /**
   * Makes room, possibly in a new buffer with a new view; returns its position.
   */
  #grow(length: number): number {
    const position = this.#written.length;
    this.#written.extendTo(position + length);
    if (this.#written.length > this.#view.byteLength) {
      this.#view = viewOf(this.#written);
    }
    return position;
  }
}

function viewOf({ buffer }: GrowingBytes): DataView {
  return new DataView(buffer.buffer);
}
