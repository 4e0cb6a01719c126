/** How much may be read at once. */
export interface ReadLimits {
  /** Reads of all together. */
  readonly reads: number;
  /** Reads of one of them. */
  readonly readsEach: number;
  /** Bytes of all together. */
  readonly bytes: number;
}

interface Waiting {
  readonly owner: object;
  readonly byteLength: number;
  readonly resolve: (end: () => void) => void;
}

/**
 * Shares out what may be read at once among those that read. Each may always
 * have one read under way, whatever the others do: nobody waits for a read of
 * somebody else that does not come to an end.
 */
export class ReadBudget {
  readonly #limits: ReadLimits;
  readonly #readsOf = new Map<object, number>();
  readonly #waiting = new Set<Waiting>();
  #reads = 0;
  #bytes = 0;

  /** With so much for all together. */
  constructor(limits: ReadLimits) {
    this.#limits = limits;
  }

  /** Reads of all together at most, but for the one that each may have. */
  get readsMax(): number {
    return this.#limits.reads;
  }

  /**
   * Starts a read if there is room for it. What it returns is to be called when
   * the read has ended.
   */
  tryStart(owner: object, byteLength: number): (() => void) | undefined {
    const { reads, readsEach, bytes } = this.#limits;
    const of = this.#readsOf.get(owner) ?? 0;
    const hasRoom = of < readsEach && this.#reads < reads &&
      this.#bytes + byteLength <= bytes;
    if (of > 0 && !hasRoom) return undefined;
    this.#readsOf.set(owner, of + 1);
    this.#reads++;
    this.#bytes += byteLength;
    return () => this.#end(owner, byteLength);
  }

  /** The same, once there is room: those who wait come in their order. */
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
    const left = (this.#readsOf.get(owner) ?? 0) - 1;
    if (left > 0) this.#readsOf.set(owner, left);
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
