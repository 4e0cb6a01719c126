/** How an entry is treated while the output is not read. */
export interface PendingOptions {
  /** Whether it is part of the command's product, which is never dropped. */
  readonly product?: boolean;
  /** An entry makes earlier ones of the same topic obsolete. */
  readonly topic?: string;
  /** Whether it only draws over the previous drawing. */
  readonly draws?: boolean;
}

interface Entry extends PendingOptions {
  readonly bytes: Uint8Array;
}

/**
 * Minimum pending entries for a later one to replace an earlier of its topic.
 */
const TOPICS_MIN = 16;
/** Maximum pending entries, and their maximum bytes, without the product. */
const ENTRIES_MAX = 1024;
const BYTES_MAX = 0x100000;
/** Maximum bytes taken at once, unless the first entry is longer. */
const BATCH = 0x40000;

const NEWLINE = 0x0a;

/**
 * Output that waits for its reader. Everything but the product is bounded:
 * obsolete entries are dropped first, then the oldest line of a topic, then the
 * oldest line. The number of dropped lines is reported before the next line
 * that is taken.
 */
export class PendingOutput {
  readonly #sayDropped: (count: number) => string;
  readonly #entries: Entry[] = [];
  #byteLength = 0;
  /** Number of entries that can be dropped, and their bytes. */
  #droppable = 0;
  #droppableLength = 0;
  #dropped = 0;

  /** `sayDropped` returns the line that reports how many lines were dropped. */
  constructor(sayDropped: (count: number) => string) {
    this.#sayDropped = sayDropped;
  }

  /** Pending bytes. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Whether a part of the product is pending. */
  get hasProduct(): boolean {
    return this.#droppable < this.#entries.length;
  }

  /** Lines that were lost and have not been reported as dropped. */
  get lostLines(): number {
    return this.#dropped + this.#entries.filter((it) => !it.draws).length;
  }

  /** Adds bytes to be written; they must not be changed afterwards. */
  push(bytes: Uint8Array, options: PendingOptions = {}): void {
    const { topic, draws = false } = options;
    const last = this.#entries.length - 1;
    if (draws && this.#entries[last]?.draws) this.#drop(last);
    if (topic !== undefined && this.#entries.length >= TOPICS_MIN) {
      this.#drop(this.#entries.findIndex((it) => it.topic === topic));
    }
    const entry = { ...options, bytes };
    this.#entries.push(entry);
    this.#count(entry, 1);
    while (
      this.#droppable > 1 &&
      (this.#droppable > ENTRIES_MAX || this.#droppableLength > BYTES_MAX)
    ) {
      this.#drop(this.#leastNeeded());
    }
  }

  /** Takes the bytes to be written next; undefined if nothing is pending. */
  take(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#entries.length === 0) return undefined;
    const parts: Uint8Array[] = [];
    if (this.#dropped > 0) {
      parts.push(new TextEncoder().encode(this.#sayDropped(this.#dropped)));
      this.#dropped = 0;
    }
    let length = 0;
    let count = 0;
    for (const entry of this.#entries) {
      if (count > 0 && length + entry.bytes.length > BATCH) break;
      parts.push(entry.bytes);
      length += entry.bytes.length;
      this.#count(entry, -1);
      count++;
    }
    this.#entries.splice(0, count);
    return concatenate(parts);
  }

  /** Counts lines that were taken and could not be written as dropped. */
  lose(bytes: Uint8Array): void {
    this.#dropped += bytes.filter((byte) => byte === NEWLINE).length;
  }

  /** Discards all pending output. */
  clear(): void {
    for (const entry of this.#entries.splice(0)) this.#count(entry, -1);
    this.#dropped = 0;
  }

  /**
   * Finds the oldest entry of a topic, else the oldest, but never the newest.
   */
  #leastNeeded(): number {
    const older = this.#entries.slice(0, -1);
    const ofTopic = older.findIndex((it) => it.topic !== undefined);
    return ofTopic >= 0 ? ofTopic : older.findIndex((it) => !it.product);
  }

  #drop(index: number): void {
    if (index < 0) return;
    const [entry] = this.#entries.splice(index, 1);
    this.#count(entry, -1);
    if (!entry.draws) this.#dropped++;
  }

  #count({ bytes, product = false }: Entry, sign: 1 | -1): void {
    this.#byteLength += sign * bytes.length;
    if (product) return;
    this.#droppable += sign;
    this.#droppableLength += sign * bytes.length;
  }
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, { length }) => sum + length, 0);
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
