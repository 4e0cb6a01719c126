import type { ByteRange } from "./byte_range.ts";

/**
 * A request of a walk for bytes. The driver stores them in `target` (of
 * `length` bytes) if there is one, else in a buffer that it allocates.
 */
export interface ByteRequest extends ByteRange {
  /** Where to store the bytes. */
  readonly target?: Uint8Array;
  /** Ranges after this one, in order, some of which may be requested next. */
  readonly guesses?: readonly ByteRange[];
}

/**
 * An algorithm that needs bytes of a file but does no I/O: a generator that
 * yields requests, is sent the bytes of each, and returns `T`. One walk serves
 * synchronous and asynchronous drivers alike.
 */
export type Walk<T> = Generator<ByteRequest, T, Uint8Array>;

/** The file that a walk reads. */
export interface WalkedFile {
  /** Name for errors: a path, a URL, or a name given by the caller. */
  readonly name: string;
  /** Size in bytes. */
  readonly byteLength: number;
}
