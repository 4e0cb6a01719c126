import type { ByteRange } from "./byte_range.ts";

/**
 * Bytes that a walk asks for. With a `target` (of `length` bytes) they are
 * wanted there; otherwise the driver makes room for them.
 */
export interface ByteRequest extends ByteRange {
  /** Where the bytes shall go. */
  readonly target?: Uint8Array;
  /** Ranges behind this one, in order, some of which may be asked for next. */
  readonly guesses?: readonly ByteRange[];
}

/**
 * Something that looks, asks for bytes and looks again, without doing I/O: a
 * generator that yields requests, is sent the bytes of each, and returns `T`.
 * One walk serves synchronous and asynchronous drivers alike.
 */
export type Walk<T> = Generator<ByteRequest, T, Uint8Array>;

/** The file a walk goes through. */
export interface WalkedFile {
  /** Name for errors: a path, a URL, or what the caller called it. */
  readonly name: string;
  /** Size in bytes. */
  readonly byteLength: number;
}
