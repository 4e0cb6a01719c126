/** Blocks for a thread to check; the bytes are moved there, not copied. */
export interface CheckTask {
  /** The blocks, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The hash of each. */
  readonly expected: Uint8Array<ArrayBuffer>;
}

/** What the thread found; it answers once by itself when it is ready. */
export interface CheckAnswer {
  /** The bytes, moved back. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether all blocks have their hashes. */
  readonly isRight: boolean;
}
