import { PageBitmap, pageCountOf } from "../../format/bitmap/mod.ts";
import type { RamRecord, SequentialHead } from "../../format/sequential/mod.ts";
import type { Progress } from "../work/mod.ts";

/** Progress of receiving a migration. */
export interface ReceiveProgress extends Progress {
  /** Bytes received over the connection so far. */
  readonly bytesReceived: number;
  /** Pages that arrived again because they had changed. */
  readonly pagesAgain: number;
  /** Number of passes over RAM that the sender has made. */
  readonly rounds: number;
}

/** Counts what a migration brings. */
export class ReceiveReport {
  /** Bytes received over the connection. */
  bytesReceived = 0;
  /** Number of passes over RAM that the sender has made. */
  rounds = 0;
  readonly #tell: ((progress: ReceiveProgress) => void) | undefined;
  #pageSize = 0;
  #total = 0;
  #seen: readonly PageBitmap[] = [];
  #seenCount = 0;
  #zeroCount = 0;
  #pagesAgain = 0;
  #idstr = "";
  #lastBlock = -1;
  #lastPage = -1;

  /** Reports to `tell`. */
  constructor(tell: ((progress: ReceiveProgress) => void) | undefined) {
    this.#tell = tell;
  }

  /** Starts with the list of RAMBlocks. */
  begin({ blocks, pageSize }: SequentialHead): void {
    this.#pageSize = pageSize;
    this.#total = blocks.reduce((sum, { usedLength }) => sum + usedLength, 0);
    this.#seen = blocks.map(({ usedLength }) =>
      new PageBitmap(pageCountOf(usedLength, pageSize))
    );
  }

  /** Counts a record. */
  record({ kind, block, pageIndex }: RamRecord): void {
    const { index } = block;
    const isLater = index > this.#lastBlock ||
      (index === this.#lastBlock && pageIndex > this.#lastPage);
    // QEMU repeatedly passes over its blocks in list order.
    if (!isLater) this.rounds++;
    this.#lastBlock = index;
    this.#lastPage = pageIndex;
    this.#idstr = block.idstr;
    const seen = this.#seen[index];
    if (seen.isSet(pageIndex)) {
      this.#pagesAgain++;
      return;
    }
    seen.set(pageIndex);
    this.#seenCount++;
    if (kind === "zero") this.#zeroCount++;
  }

  /** Reports the progress. */
  tell(): void {
    this.#tell?.({
      idstr: this.#idstr,
      done: this.#seenCount * this.#pageSize,
      total: this.#total,
      zero: this.#zeroCount * this.#pageSize,
      bytesReceived: this.bytesReceived,
      pagesAgain: this.#pagesAgain,
      rounds: this.rounds,
    });
  }
}
