import type { ByteSpan, PageInstaller } from "../faulting/mod.ts";

/** An installer in plain memory that records its calls. */
export class RecordingInstaller implements PageInstaller {
  readonly byteLength: number;
  readonly pageSize: number;
  /** The memory. */
  readonly bytes: Uint8Array;
  /** Every call, in order: `copy 0 8192`. */
  readonly calls: string[] = [];
  /** Number of times each page was put in place. */
  readonly counts: number[];
  /** Buffers not yet released. */
  readonly lent = new Set<Uint8Array>();
  /** Maximum bytes that each of the next calls settles; then no limit. */
  readonly limits: number[] = [];
  /** Errors that the next calls throw. */
  readonly failures: Error[] = [];

  /** Starts with all pages missing: they hold 0xee. */
  constructor(pageCount: number, pageSize: number) {
    this.byteLength = pageCount * pageSize;
    this.pageSize = pageSize;
    this.bytes = new Uint8Array(this.byteLength).fill(0xee);
    this.counts = new Array(pageCount).fill(0);
  }

  allocate(byteLength: number): Uint8Array {
    const bytes = new Uint8Array(byteLength).fill(0xdd);
    this.lent.add(bytes);
    return bytes;
  }

  release(bytes: Uint8Array): void {
    if (!this.lent.delete(bytes)) throw new Error("The buffer is not lent");
  }

  copy(offset: number, { bytes, start, length }: ByteSpan): number {
    return this.#place("copy", offset, bytes.subarray(start, start + length));
  }

  zeropage(offset: number, length: number): number {
    return this.#place("zeropage", offset, new Uint8Array(length));
  }

  wake(offset: number, length: number): void {
    this.calls.push(`wake ${offset} ${length}`);
  }

  /** Removes pages, as their owner does. */
  remove(first: number, end: number): void {
    const { pageSize } = this;
    this.bytes.fill(0xee, first * pageSize, end * pageSize);
    this.counts.fill(0, first, end);
  }

  #place(name: string, offset: number, bytes: Uint8Array): number {
    this.calls.push(`${name} ${offset} ${bytes.length}`);
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const length = Math.min(bytes.length, this.limits.shift() ?? Infinity);
    this.bytes.set(bytes.subarray(0, length), offset);
    for (let at = 0; at < length; at += this.pageSize) {
      this.counts[(offset + at) / this.pageSize]++;
    }
    return length;
  }
}
