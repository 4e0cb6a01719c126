import type { RamRecord, StreamBlock } from "../../format/sequential/mod.ts";
import { type PageBatch, PageBuffer } from "../pages/mod.ts";

/** Consecutive pages that arrived one after the other. */
interface QueuedPages {
  readonly kind: "page" | "zero";
  readonly block: StreamBlock;
  readonly first: number;
  count: number;
  /** Where their bytes start in the buffer. */
  readonly position: number;
}

/** A record to be unpacked. */
interface QueuedRecord {
  readonly kind: "packed";
  readonly record: RamRecord;
}

/** Receives queued pages. */
export interface PageReceiver {
  /** Writes pages from `first` on; `nonZero` says which are not all zero. */
  writePages(
    block: StreamBlock,
    first: number,
    pages: PageBatch,
  ): Promise<void>;
  /** Clears pages from `first` on. */
  clearPages(block: StreamBlock, first: number, count: number): Promise<void>;
  /** Unpacks a delta or a compressed page. */
  unpack(record: RamRecord): Promise<void>;
}

/** Bytes of pages at which the queue is settled. */
const WORTH_BYTES = 0x40000;
/** Runs of pages at which it is settled, since zero pages use no buffer. */
const WORTH_RUNS = 0x1000;

/** Queues records in order and joins consecutive pages. */
export class RecordQueue {
  readonly #buffer: PageBuffer;
  readonly #pageSize: number;
  readonly #queue: (QueuedPages | QueuedRecord)[] = [];
  /** The pages queued last, if nothing else was queued after them. */
  #last: QueuedPages | undefined;
  #length = 0;
  #hasPacked = false;

  /**
   * Holds records whose data has at most `byteLength` bytes between two calls
   * of settle.
   */
  constructor(byteLength: number, pageSize: number) {
    this.#buffer = new PageBuffer(WORTH_BYTES + byteLength);
    this.#pageSize = pageSize;
  }

  /** Appends a record. */
  add(record: RamRecord): void {
    const { kind, block, pageIndex } = record;
    if (kind !== "page" && kind !== "zero") {
      this.#queue.push({ kind: "packed", record });
      this.#last = undefined;
      this.#hasPacked = true;
      return;
    }
    const position = this.#length;
    if (kind === "page") {
      this.#buffer.bytes.set(record.data, position);
      this.#length += this.#pageSize;
    }
    const last = this.#last;
    if (
      last !== undefined && last.kind === kind && last.block === block &&
      last.first + last.count === pageIndex
    ) {
      last.count++;
      return;
    }
    this.#last = { kind, block, first: pageIndex, count: 1, position };
    this.#queue.push(this.#last);
  }

  /**
   * Whether it is time to settle. Records to be unpacked cannot wait: their
   * bytes are valid only until the next read.
   */
  get isDue(): boolean {
    return this.#hasPacked || this.#length >= WORTH_BYTES ||
      this.#queue.length >= WORTH_RUNS;
  }

  /** Hands everything on. */
  async settle(receiver: PageReceiver): Promise<void> {
    for (const it of this.#queue) {
      if (it.kind === "packed") await receiver.unpack(it.record);
      else if (it.kind === "zero") {
        await receiver.clearPages(it.block, it.first, it.count);
      } else await this.#writePages(it, receiver);
    }
    this.#queue.length = 0;
    this.#last = undefined;
    this.#length = 0;
    this.#hasPacked = false;
  }

  async #writePages(
    { block, first, count, position }: QueuedPages,
    receiver: PageReceiver,
  ): Promise<void> {
    const length = count * this.#pageSize;
    const bytes = this.#buffer.bytes.subarray(position, position + length);
    const nonZero = this.#buffer.nonZeroPages(
      this.#pageSize,
      count,
      { start: position },
    );
    await receiver.writePages(block, first, { bytes, nonZero });
  }
}
