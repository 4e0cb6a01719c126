import { ScratchStore } from "../scratch/mod.ts";

/** Where the bytes of a page are. */
export interface PageEntry {
  /** Plain in the stream, compressed in the stream, or assembled in scratch. */
  readonly kind: "page" | "compressed" | "scratch";
  /** Position there. */
  readonly offset: number;
}

const KINDS = ["page", "compressed", "scratch"] as const;
/** Entries that are moved between memory and scratch together. */
const CHUNK_ENTRIES = 4096;
const CHUNK_BYTES = 8 * CHUNK_ENTRIES;
/** Number of chunks kept in memory as arrays. */
const AT_HAND = 64;

/**
 * Maps each page to its last occurrence in the stream; a zero page has no
 * entry. It takes 8 bytes a page, in memory up to a limit and in scratch beyond
 * it.
 */
export class RecordPageTable implements Disposable {
  readonly #scratch: ScratchStore;
  /** The most recently used chunk is last. */
  readonly #chunks = new Map<number, { words: Float64Array; dirty: boolean }>();
  readonly #stored = new Set<number>();
  #last = -1;

  /** Creates an empty table that uses up to `memoryMax` bytes of memory. */
  constructor(memoryMax: number) {
    const byteLength = Math.floor(memoryMax / CHUNK_BYTES) * CHUNK_BYTES;
    this.#scratch = new ScratchStore(byteLength);
  }

  /** Returns the entry of a page. */
  get(pageIndex: number): PageEntry | undefined {
    const word = this.#word(pageIndex);
    return word === 0
      ? undefined
      : { kind: KINDS[word % 4 - 1], offset: Math.floor(word / 4) };
  }

  /** Sets or removes the entry of a page. */
  set(pageIndex: number, entry: PageEntry | undefined): void {
    const number = Math.floor(pageIndex / CHUNK_ENTRIES);
    if (entry === undefined && !this.#isKnown(number)) return;
    const chunk = this.#chunk(number);
    chunk.words[pageIndex % CHUNK_ENTRIES] = entry === undefined
      ? 0
      : 4 * entry.offset + KINDS.indexOf(entry.kind) + 1;
    chunk.dirty = true;
  }

  /**
   * Returns the first page from `from` on that has an entry, or has none; else
   * `end`.
   */
  next(from: number, end: number, present: boolean): number {
    for (let page = from; page < end;) {
      const number = Math.floor(page / CHUNK_ENTRIES);
      const chunkEnd = Math.min(end, (number + 1) * CHUNK_ENTRIES);
      if (!this.#isKnown(number)) {
        if (!present) return page;
        page = chunkEnd;
        continue;
      }
      const { words } = this.#chunk(number);
      for (; page < chunkEnd; page++) {
        if ((words[page % CHUNK_ENTRIES] !== 0) === present) return page;
      }
    }
    return end;
  }

  /** Releases memory and scratch. */
  [Symbol.dispose](): void {
    this.#chunks.clear();
    this.#stored.clear();
    this.#scratch[Symbol.dispose]();
  }

  #isKnown(number: number): boolean {
    return this.#chunks.has(number) || this.#stored.has(number);
  }

  #word(pageIndex: number): number {
    const number = Math.floor(pageIndex / CHUNK_ENTRIES);
    if (!this.#isKnown(number)) return 0;
    return this.#chunk(number).words[pageIndex % CHUNK_ENTRIES];
  }

  #chunk(number: number): { words: Float64Array; dirty: boolean } {
    let chunk = this.#chunks.get(number);
    if (chunk === undefined) {
      this.#makeRoom();
      const words = new Float64Array(CHUNK_ENTRIES);
      if (this.#stored.has(number)) {
        this.#scratch.read(bytesOf(words), number * CHUNK_BYTES);
      }
      chunk = { words, dirty: false };
    } else if (this.#last === number) {
      return chunk;
    } else {
      this.#chunks.delete(number);
    }
    this.#chunks.set(number, chunk);
    this.#last = number;
    return chunk;
  }

  #makeRoom(): void {
    if (this.#chunks.size < AT_HAND) return;
    const [oldest] = this.#chunks;
    if (oldest === undefined) return;
    const [number, { words, dirty }] = oldest;
    this.#chunks.delete(number);
    if (!dirty) return;
    this.#scratch.write(bytesOf(words), number * CHUNK_BYTES);
    this.#stored.add(number);
  }
}

function bytesOf(words: Float64Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
