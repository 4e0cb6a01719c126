const BYTES_PER_LINE = 16;
const HEX = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);

/**
 * Lines as `hexdump -C` writes them: offset, 16 bytes in hexadecimal, ASCII.
 * Lines equal to the one before fold into one `*`.
 */
export class HexDump {
  #offset: number;
  /** Bytes that do not fill a line yet. */
  readonly #line = new Uint8Array(BYTES_PER_LINE);
  #lineLength = 0;
  readonly #previous = new Uint8Array(BYTES_PER_LINE);
  #started = false;
  #folding = false;

  /** Starts at an offset of the block. */
  constructor(offset: number) {
    this.#offset = offset;
  }

  /** The lines that these bytes complete. */
  *bytes(bytes: Uint8Array): Generator<string> {
    for (let done = 0; done < bytes.length;) {
      const part = bytes.subarray(
        done,
        done + BYTES_PER_LINE - this.#lineLength,
      );
      this.#line.set(part, this.#lineLength);
      this.#lineLength += part.length;
      done += part.length;
      if (this.#lineLength === BYTES_PER_LINE) yield* this.#flush();
    }
  }

  /** The lines that so many zeros complete; a long row of them costs nothing. */
  *zeros(length: number): Generator<string> {
    const zeros = new Uint8Array(3 * BYTES_PER_LINE);
    const written = Math.min(length, zeros.length);
    yield* this.bytes(zeros.subarray(0, written));
    // By now all lines are folded; whole ones are passed over.
    const rest = length - written;
    const tail = rest % BYTES_PER_LINE;
    this.#offset += rest - tail;
    yield* this.bytes(zeros.subarray(0, tail));
  }

  /** The last line, if it is not full, and the offset behind the last byte. */
  *end(): Generator<string> {
    if (this.#lineLength > 0) yield* this.#flush();
    yield this.#label();
  }

  *#flush(): Generator<string> {
    const bytes = this.#line.subarray(0, this.#lineLength);
    if (
      this.#started && bytes.length === BYTES_PER_LINE &&
      bytes.every((byte, index) => byte === this.#previous[index])
    ) {
      if (!this.#folding) yield "*";
      this.#folding = true;
    } else {
      yield `${this.#label()}  ${formatLine(bytes)}`;
      this.#folding = false;
      this.#started = true;
      this.#previous.set(bytes);
    }
    this.#offset += bytes.length;
    this.#lineLength = 0;
  }

  #label(): string {
    return this.#offset.toString(16).padStart(8, "0");
  }
}

function formatLine(bytes: Uint8Array): string {
  let left = "";
  let right = "";
  let text = "";
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (index < 8) left += `${HEX[byte]} `;
    else right += `${HEX[byte]} `;
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
  }
  return `${left.padEnd(24)} ${right.padEnd(24)} |${text}|`;
}
