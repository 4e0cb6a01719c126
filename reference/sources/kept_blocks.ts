/** The blocks of a cache that are in memory, the least recently used dropped. */
export class KeptBlocks {
  /** By number, the most recently used last. */
  readonly #blocks = new Map<number, Uint8Array>();
  readonly #blockSize: number;
  readonly #maxBlocks: number;
  #lastTouched = -1;

  /** At most `maxBlocks` blocks of `blockSize` bytes. */
  constructor(blockSize: number, maxBlocks: number) {
    this.#blockSize = blockSize;
    this.#maxBlocks = maxBlocks;
  }

  /** A block; it is not more recently used for that. */
  get(number: number): Uint8Array | undefined {
    return this.#blocks.get(number);
  }

  /** Whether a block is here. */
  has(number: number): boolean {
    return this.#blocks.has(number);
  }

  /** Whether the blocks [first, end) are all here. */
  hasAll(first: number, end: number): boolean {
    for (let number = first; number < end; number++) {
      if (!this.#blocks.has(number)) return false;
    }
    return true;
  }

  /** Makes a block the most recently used. */
  touch(number: number, bytes: Uint8Array): void {
    if (number === this.#lastTouched) return;
    this.#lastTouched = number;
    this.#blocks.delete(number);
    this.#blocks.set(number, bytes);
  }

  /** Keeps a block, and drops another if there are too many. */
  keep(number: number, bytes: Uint8Array): void {
    this.#blocks.set(number, bytes);
    this.#lastTouched = number;
    if (this.#blocks.size <= this.#maxBlocks) return;
    const [oldest] = this.#blocks.keys();
    if (oldest !== undefined) this.#blocks.delete(oldest);
  }

  /** Copies what is here of the blocks [first, end) to a read of `offset` on. */
  copyInto(
    target: Uint8Array,
    offset: number,
    { first, end }: { readonly first: number; readonly end: number },
  ): void {
    for (let number = first; number < end; number++) {
      const bytes = this.#blocks.get(number);
      if (bytes === undefined) continue;
      this.touch(number, bytes);
      this.copyBlock(target, offset, { number, bytes });
    }
  }

  /** Copies what of a block lies inside the target of a read of `offset` on. */
  copyBlock(
    target: Uint8Array,
    offset: number,
    block: { readonly number: number; readonly bytes: Uint8Array },
  ): void {
    const { number, bytes } = block;
    const position = number * this.#blockSize - offset;
    const start = Math.max(0, -position);
    const stop = Math.min(bytes.length, target.length - position);
    target.set(bytes.subarray(start, stop), position + start);
  }
}
