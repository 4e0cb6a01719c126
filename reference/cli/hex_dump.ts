const BYTES_PER_LINE = 16;

/** Lines of 16 bytes: offset, hexadecimal, ASCII. Equal lines fold into `*`. */
export class HexDump {
  #offset: number;
  #previous = "";
  #folding = false;

  /** Starts at an offset of the block. */
  constructor(offset: number) {
    this.#offset = offset;
  }

  /** The lines of the next bytes, a multiple of 16 of them but for the last. */
  *lines(bytes: Uint8Array): Generator<string> {
    for (let start = 0; start < bytes.length; start += BYTES_PER_LINE) {
      const line = formatLine(bytes.subarray(start, start + BYTES_PER_LINE));
      if (line === this.#previous) {
        if (!this.#folding) yield "*";
        this.#folding = true;
      } else {
        yield `${this.#label()}  ${line}`;
        this.#folding = false;
        this.#previous = line;
      }
      this.#offset += Math.min(BYTES_PER_LINE, bytes.length - start);
    }
  }

  /** The offset behind the last byte: without it a folded end has no length. */
  end(): string {
    return this.#label();
  }

  #label(): string {
    return this.#offset.toString(16).padStart(8, "0");
  }
}

function formatLine(bytes: Uint8Array): string {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
  const left = hex.slice(0, 8).join(" ").padEnd(23);
  const right = hex.slice(8).join(" ").padEnd(23);
  const text = [...bytes].map((byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "."
  ).join("");
  return `${left}  ${right}  |${text}|`;
}
