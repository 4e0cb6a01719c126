import { waitFor } from "../work/mod.ts";

/** The blocks that a shared read brought. */
export interface SharedBlocks {
  /** Number of the first. */
  readonly firstBlock: number;
  /** The blocks; the last one of a file may be shorter. */
  readonly blocks: readonly Uint8Array[];
}

/**
 * One read that several wait for. It is aborted when all of them gave up, and
 * goes on as long as one of them waits.
 */
export class SharedRead {
  readonly #controller = new AbortController();
  readonly #done: Promise<SharedBlocks>;
  readonly #settle: (blocks?: readonly Uint8Array[]) => void;
  #waiting = 0;

  /**
   * Starts `read` at once. `settle` is told once: of the blocks, or of nothing
   * when the read failed or was given up; before anybody who waits.
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
        // Copies, so that a block kept does not keep its neighbours.
        blocks.push(bytes.slice(start, start + blockSize));
      }
      if (!this.#controller.signal.aborted) settle(blocks);
      return { firstBlock, blocks };
    }, (error) => {
      if (!this.#controller.signal.aborted) settle();
      throw error;
    });
    // Whoever waits is told of a failure; if nobody does, nobody needs to be.
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

  /** Keeps the read going though nobody waits for it. */
  joinInBackground(): void {
    this.#waiting++;
  }

  #leave(reason: unknown): void {
    this.#waiting--;
    if (this.#waiting > 0) return;
    // Whoever comes now must start anew, not join what was given up.
    this.#settle();
    this.#controller.abort(reason);
  }
}
