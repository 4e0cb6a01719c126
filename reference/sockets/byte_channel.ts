/**
 * A connection that carries bytes both ways: a socket to QEMU's migration port
 * or its monitor.
 */
export interface ByteChannel {
  /** Address of the other end, for errors: `unix:/run/vm.sock`. */
  readonly name: string;
  /**
   * Reads the next bytes, at least one; undefined at the end of the stream.
   * They are the caller's until the next call. A channel may put them at the
   * start of `target`, which saves a copy. Rejects with a `SourceError`.
   */
  read(target?: Uint8Array): Promise<Uint8Array | undefined>;
  /**
   * Writes all of `bytes`, after those of earlier calls. Resolves when there is
   * room for more; the caller may then reuse the buffer. Rejects with a
   * `SourceError`.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Closes both directions; a pending `read` returns undefined. */
  close(): void;
}
