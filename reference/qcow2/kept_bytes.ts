/** What a cache keeps: bytes, or a view of them. */
interface Sized {
  readonly byteLength: number;
}

/** Numbers of an image's entries are below this. */
const NUMBERS = 2 ** 44;

/** Entries of all images of a chain; evicts the least recently used ones. */
export class KeptBytes<T extends Sized> {
  /** The entries in order of use, the most recently used last. */
  readonly #entries = new Map<number, T>();
  readonly #maxBytes: number;
  #bytes = 0;
  #lastUsed = -1;

  /** Keeps at most `maxBytes`, but the latest entry in any case. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Returns an entry of an image, and makes it the most recently used. */
  get(image: number, number: number): T | undefined {
    const key = image * NUMBERS + number;
    const entry = this.#entries.get(key);
    if (entry !== undefined && key !== this.#lastUsed) {
      this.#lastUsed = key;
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry;
  }

  /** Keeps an entry of an image, and evicts others if there are too many. */
  keep(image: number, number: number, entry: T): void {
    const key = image * NUMBERS + number;
    this.#bytes += entry.byteLength - (this.#entries.get(key)?.byteLength ?? 0);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#lastUsed = key;
    for (const [oldest, { byteLength }] of this.#entries) {
      if (this.#bytes <= this.#maxBytes || oldest === key) return;
      this.#entries.delete(oldest);
      this.#bytes -= byteLength;
    }
  }
}
