/** A piece of a file, with only zeros up to the next piece. */
export interface RecipePiece {
  /** Position of its first byte in the file. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A piece of the file that a recipe writes, and the current position. */
export class RecipeOutput {
  /** Position of the piece in the file. */
  readonly start: number;
  #bytes = new Uint8Array(0x1000);
  #length = 0;
  #position = 0;
  #finalLength: number | undefined;

  /** Starts without bytes, at a position of the file. */
  constructor(start = 0) {
    this.start = start;
  }

  /** Writes at the position and advances it. */
  write(bytes: Uint8Array): void {
    const end = this.#position + bytes.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#position);
    this.#position = end;
    this.#length = Math.max(this.#length, end);
  }

  /** Moves to a position of the file; skipped bytes are unchanged. */
  moveTo(offset: number): void {
    this.#position = offset - this.start;
  }

  /** Sets the final length; returns false if it was already set. */
  resizeTo(length: number): boolean {
    if (this.#finalLength !== undefined) return false;
    this.#finalLength = length - this.start;
    return true;
  }

  /**
   * Returns the file, truncated or extended with zeros to the final length, if
   * set.
   */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#finalLength ?? this.#length);
    bytes.set(this.#bytes.subarray(0, Math.min(bytes.length, this.#length)));
    return bytes;
  }
}
