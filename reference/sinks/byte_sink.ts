import type { ByteSource } from "../sources/mod.ts";

/** Where bytes can be written at any position: a file in the making. */
export interface ByteSink {
  /** Name for errors: a path, or what the caller called it. */
  readonly name: string;
  /** Writes all of `bytes` at `offset`; what lies between is a hole. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** Sets the size in bytes. */
  setLength(byteLength: number): Promise<void>;
  /** Resolves when everything written is where a crash cannot lose it. */
  flush(): Promise<void>;
  /** Makes what was written the real thing, in one step. Nothing comes after. */
  commit(): Promise<void>;
  /** Drops what was written; what was there before stays as it was. */
  abort(): Promise<void>;
  /**
   * Leaves what could not be committed under a name of its own, and resolves to
   * that name. There only where that can be done.
   */
  keep?(): Promise<string>;
}

/** Bytes that can be read and re-written where they are. */
export interface ByteStore extends ByteSource {
  /** Writes all of `bytes` at `offset`, inside the store. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** Resolves when everything written is where a crash cannot lose it. */
  flush(): Promise<void>;
  /**
   * Gives bytes back to the file system: they then read as zeros. There only
   * where that can be done.
   */
  punchHole?(offset: number, length: number): Promise<void>;
}
