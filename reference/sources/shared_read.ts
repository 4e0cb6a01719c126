import { waitFor } from "../work/mod.ts";

/** The blocks that a shared read returns. */
export interface SharedBlocks {
  /** Number of the first block. */
  readonly firstBlock: number;
  /** The blocks; the last one of a file may be shorter. */
  readonly blocks: readonly Uint8Array[];
}

/**
 * One read that several readers wait for. It continues as long as one of them
 * waits, and is aborted when all of them have aborted.
 */
export class SharedRead {
  readonly #controller = new AbortController();
  readonly #done: Promise<SharedBlocks>;
  readonly #settle: (blocks?: readonly Uint8Array[]) => void;
  #waiting = 0;

  /**
   * Starts `read` at once. Calls `settle` once, before any reader continues:
   * with the blocks, or without them if the read failed or was aborted.
   */
  constructor(
    firstBlock: number,
    blockSize: number,
    read: (signal: AbortSignal) => Promise<Uint8Array>,
    settle: (blocks?: readonly Uint8Array[]) => void,
  ) {
    this.#settle = settle;
    this.#done = read(this.#controller.signal).then((bytes) => {
      const blocks: Uint8Array[] = [];
      for (let start = 0; start < bytes.length; start += blockSize) {
        // Copies, so that a kept block does not keep its neighbours in memory.
        blocks.push(bytes.slice(start, start + blockSize));
      }
      if (!this.#controller.signal.aborted) settle(blocks);
      return { firstBlock, blocks };
    }, (error) => {
      if (!this.#controller.signal.aborted) settle();
      throw error;
    });
    // Readers get a failure through `join`; without readers it is ignored.
    this.#done.catch(() => {});
  }

  /** Waits for the blocks, or until `signal` is aborted. */
  async join(signal?: AbortSignal): Promise<SharedBlocks> {
    this.#waiting++;
    if (signal === undefined) return await this.#done;
    const leave = () => this.#leave(signal.reason);
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
    try {
      return await waitFor(this.#done, { signal });
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  /** Keeps the read going even without a waiting reader. */
  joinInBackground(): void {
    this.#waiting++;
  }

  #leave(reason: unknown): void {
    this.#waiting--;
    if (this.#waiting > 0) return;
    // New readers must start a new read, not join the aborted one.
    this.#settle();
    this.#controller.abort(reason);
  }
}
