/** The blocks in a cache; evicts the least recently used one. */
export class KeptBlocks {
  /** The blocks by number, in order of use, the most recently used last. */
  readonly #blocks = new Map<number, Uint8Array>();
  readonly #blockSize: number;
  readonly #maxBlocks: number;
  #lastTouched = -1;

  /** Keeps at most `maxBlocks` blocks of `blockSize` bytes. */
  constructor(blockSize: number, maxBlocks: number) {
    this.#blockSize = blockSize;
    this.#maxBlocks = maxBlocks;
  }

  /** Returns a block without making it the most recently used. */
  get(number: number): Uint8Array | undefined {
    return this.#blocks.get(number);
  }

  /** Whether a block is in the cache. */
  has(number: number): boolean {
    return this.#blocks.has(number);
  }

  /** Whether all blocks [first, end) are in the cache. */
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

  /** Keeps a block, and evicts another if there are too many. */
  keep(number: number, bytes: Uint8Array): void {
    this.#blocks.set(number, bytes);
    this.#lastTouched = number;
    if (this.#blocks.size <= this.#maxBlocks) return;
    const [oldest] = this.#blocks.keys();
    if (oldest !== undefined) this.#blocks.delete(oldest);
  }

  /** Copies the cached blocks of [first, end) into the target of a read. */
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

  /** Copies the part of a block that is inside the target of a read. */
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
