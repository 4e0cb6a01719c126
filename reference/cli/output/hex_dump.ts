import { HEX_DIGITS } from "./hex_digits.ts";

const BYTES_PER_LINE = 16;
/** Maximum line: 14 digits of offset, 16 bytes twice, and separators. */
const LINE_MAX = 96;

const SPACE = 0x20;
const BAR = 0x7c;
const DOT = 0x2e;
const STAR = 0x2a;
const NEWLINE = 0x0a;

/**
 * Formats lines as `hexdump -C` does: offset, 16 bytes in hexadecimal, ASCII.
 * Lines equal to the previous one fold into one `*`.
 *
 * The result of a method is valid until the next call.
 */
export class HexDump {
  #offset: number;
  /** Bytes of an incomplete line. */
  readonly #line = new Uint8Array(BYTES_PER_LINE);
  #lineLength = 0;
  readonly #previous = new Uint8Array(BYTES_PER_LINE);
  #started = false;
  #folding = false;
  /** The lines of the current call, as ASCII. */
  #text = new Uint8Array(LINE_MAX);
  #textLength = 0;

  /** Starts at an offset of the block. */
  constructor(offset: number) {
    this.#offset = offset;
  }

  /** Returns the lines that these bytes complete. */
  bytes(bytes: Uint8Array): Uint8Array {
    this.#textLength = 0;
    this.#take(bytes);
    return this.#text.subarray(0, this.#textLength);
  }

  /**
   * Returns the lines that `length` zeros complete; a long run costs nothing.
   */
  zeros(length: number): Uint8Array {
    this.#textLength = 0;
    const zeros = new Uint8Array(3 * BYTES_PER_LINE);
    const written = Math.min(length, zeros.length);
    this.#take(zeros.subarray(0, written));
    // From here on all lines are folded: skip complete ones.
    const rest = length - written;
    const tail = rest % BYTES_PER_LINE;
    this.#offset += rest - tail;
    this.#take(zeros.subarray(0, tail));
    return this.#text.subarray(0, this.#textLength);
  }

  /**
   * Returns the last line, if incomplete, and the offset after the last byte.
   */
  end(): Uint8Array {
    this.#textLength = 0;
    if (this.#lineLength > 0) this.#finishLine();
    this.#reserve(LINE_MAX);
    this.#writeOffset();
    this.#text[this.#textLength++] = NEWLINE;
    return this.#text.subarray(0, this.#textLength);
  }

  #take(bytes: Uint8Array): void {
    this.#reserve((bytes.length / BYTES_PER_LINE + 1) * LINE_MAX);
    for (let done = 0; done < bytes.length;) {
      const room = BYTES_PER_LINE - this.#lineLength;
      const part = bytes.subarray(done, done + room);
      this.#line.set(part, this.#lineLength);
      this.#lineLength += part.length;
      done += part.length;
      if (this.#lineLength === BYTES_PER_LINE) this.#finishLine();
    }
  }

  #finishLine(): void {
    if (this.#isRepeated()) {
      if (!this.#folding) {
        this.#text[this.#textLength++] = STAR;
        this.#text[this.#textLength++] = NEWLINE;
      }
      this.#folding = true;
    } else {
      this.#writeOffset();
      this.#writeLine();
      this.#folding = false;
      this.#started = true;
      this.#previous.set(this.#line);
    }
    this.#offset += this.#lineLength;
    this.#lineLength = 0;
  }

  #isRepeated(): boolean {
    if (!this.#started || this.#lineLength < BYTES_PER_LINE) return false;
    for (let index = 0; index < BYTES_PER_LINE; index++) {
      if (this.#line[index] !== this.#previous[index]) return false;
    }
    return true;
  }

  #writeOffset(): void {
    const label = this.#offset.toString(16).padStart(8, "0");
    for (let index = 0; index < label.length; index++) {
      this.#text[this.#textLength++] = label.charCodeAt(index);
    }
  }

  #writeLine(): void {
    const text = this.#text;
    const start = this.#textLength;
    const length = this.#lineLength;
    let hex = start + 2;
    let ascii = start + 54;
    text.fill(SPACE, start, ascii);
    text[ascii - 2] = BAR;
    ascii--;
    for (let index = 0; index < length; index++) {
      const byte = this.#line[index];
      if (index === BYTES_PER_LINE / 2) hex++;
      text[hex] = HEX_DIGITS[byte >> 4];
      text[hex + 1] = HEX_DIGITS[byte & 15];
      hex += 3;
      text[ascii++] = byte >= SPACE && byte < 0x7f ? byte : DOT;
    }
    text[ascii++] = BAR;
    text[ascii++] = NEWLINE;
    this.#textLength = ascii;
  }

  #reserve(length: number): void {
    if (this.#text.length - this.#textLength >= length) return;
    const larger = new Uint8Array(this.#textLength + Math.ceil(length));
    larger.set(this.#text.subarray(0, this.#textLength));
    this.#text = larger;
  }
}
