import type { ByteSource } from "../sources/mod.ts";

/** A destination that can be written at any position: an unfinished file. */
export interface ByteSink {
  /** Name in errors: a path, or a name given by the caller. */
  readonly name: string;
  /** Writes all of `bytes` at `offset`; gaps are holes. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** Sets the size in bytes. */
  setLength(byteLength: number): Promise<void>;
  /** Resolves when everything written would survive a crash. */
  flush(): Promise<void>;
  /** Puts the result in place atomically. Must be the last call. */
  commit(): Promise<void>;
  /** Discards what was written; an existing file stays unchanged. */
  abort(): Promise<void>;
  /**
   * Optional. Keeps a file that could not be committed under a new name, and
   * resolves to that name.
   */
  keep?(): Promise<string>;
}

/** Bytes that can be read and rewritten in place. */
export interface ByteStore extends ByteSource {
  /** Writes all of `bytes` at `offset`, inside the store. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** Resolves when everything written would survive a crash. */
  flush(): Promise<void>;
  /** Optional. Returns bytes to the file system; they then read as zeros. */
  punchHole?(offset: number, length: number): Promise<void>;
}
