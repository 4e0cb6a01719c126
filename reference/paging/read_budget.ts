/** Limits of concurrent reads. */
export interface ReadLimits {
  /** Maximum reads in total. */
  readonly reads: number;
  /** Maximum reads of one owner. */
  readonly readsEach: number;
  /** Maximum bytes in total. */
  readonly bytes: number;
}

interface Waiting {
  readonly owner: object;
  readonly byteLength: number;
  readonly resolve: (end: () => void) => void;
}

/**
 * Divides the allowed concurrent reads among their owners. Each owner may
 * always have one read in progress, whatever the others do, so that no owner
 * waits for another's read that never ends.
 */
export class ReadBudget {
  readonly #limits: ReadLimits;
  readonly #readsOf = new Map<object, number>();
  readonly #waiting = new Set<Waiting>();
  #reads = 0;
  #bytes = 0;

  /** Creates a budget with these limits. */
  constructor(limits: ReadLimits) {
    this.#limits = limits;
  }

  /** Maximum reads in total, not counting the one that each owner may have. */
  get readsMax(): number {
    return this.#limits.reads;
  }

  /**
   * Starts a read if there is room for it. Call the returned function when the
   * read has ended.
   */
  tryStart(owner: object, byteLength: number): (() => void) | undefined {
    const { reads, readsEach, bytes } = this.#limits;
    const count = this.#readsOf.get(owner) ?? 0;
    const hasRoom = count < readsEach && this.#reads < reads &&
      this.#bytes + byteLength <= bytes;
    if (count > 0 && !hasRoom) return undefined;
    this.#readsOf.set(owner, count + 1);
    this.#reads++;
    this.#bytes += byteLength;
    return () => this.#end(owner, byteLength);
  }

  /** Starts a read once there is room, in order of the calls. */
  async start(
    owner: object,
    byteLength: number,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<() => void> {
    signal.throwIfAborted();
    const now = this.tryStart(owner, byteLength);
    if (now !== undefined) return now;
    const { promise, resolve, reject } = Promise.withResolvers<() => void>();
    const waiting = { owner, byteLength, resolve };
    const giveUp = () => {
      this.#waiting.delete(waiting);
      reject(signal.reason);
    };
    this.#waiting.add(waiting);
    signal.addEventListener("abort", giveUp);
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  #end(owner: object, byteLength: number): void {
    const remaining = (this.#readsOf.get(owner) ?? 0) - 1;
    if (remaining > 0) this.#readsOf.set(owner, remaining);
    else this.#readsOf.delete(owner);
    this.#reads--;
    this.#bytes -= byteLength;
    for (const waiting of this.#waiting) {
      const end = this.tryStart(waiting.owner, waiting.byteLength);
      if (end === undefined) continue;
      this.#waiting.delete(waiting);
      waiting.resolve(end);
    }
  }
}
