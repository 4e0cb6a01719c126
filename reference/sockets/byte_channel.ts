/**
 * A connection that carries bytes both ways: a socket to QEMU's migration port
 * or to its monitor.
 */
export interface ByteChannel {
  /** What it is connected to, for errors: `unix:/run/vm.sock`. */
  readonly name: string;
  /**
   * The next bytes, at least one; undefined once the other side has ended.
   * They are the caller's until the next call. A channel that can do so puts them
   * at the start of `target`, which spares a copy; others leave it alone. Rejects
   * with a `SourceError`.
   */
  read(target?: Uint8Array): Promise<Uint8Array | undefined>;
  /**
   * Writes all of `bytes`, behind those of earlier calls. The caller may use the
   * buffer again once it resolves, which it does when there is room for more.
   * Rejects with a `SourceError`.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends both directions; a pending `read` gives undefined. */
  close(): void;
}
