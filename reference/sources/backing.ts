import type { ByteRange } from "../../format/bytes/mod.ts";

/** A file that another thread can open, too. */
export interface BackingFile {
  /** Discriminates it from memory. */
  readonly kind: "file";
  /** Its current path. */
  readonly path: string;
  /** Its name in errors. */
  readonly name: string;
  /** Device and inode, to check that the path still leads to the same file. */
  readonly identity: string;
  /** Its size when it was opened. */
  readonly byteLength: number;
  /** Bytes allocated on the disk then, if the file system reports them. */
  readonly allocatedLength?: number | undefined;
  /** Of a sink: bytes already in the file that a save continues, else 0. */
  readonly leftoverLength?: number | undefined;
  /** Ranges of these that are not holes, if the file system reports them. */
  readonly leftoverRanges?: readonly ByteRange[] | undefined;
}

/** Memory that other threads share. */
export interface BackingMemory {
  readonly kind: "memory";
  readonly name: string;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
}

/** The file or memory of a source or sink that other threads can use. */
export type Backing = BackingFile | BackingMemory;

const backings = new WeakMap<object, Backing>();

/** Registers the backing of a source or sink. */
export function setBacking(object: object, backing: Backing): void {
  backings.set(object, backing);
}

/** Returns the backing of a source or sink; undefined if it has none. */
export function backingOf(object: object): Backing | undefined {
  return backings.get(object);
}

const origins = new WeakMap<object, object>();

/**
 * Registers the source that a wrapper reads. Other threads must not read it
 * instead: they would miss what the wrapper does.
 */
export function setOrigin(wrapper: object, origin: object): void {
  origins.set(wrapper, origin);
}

/** Returns the file of a source or of the one that it wraps, if it has one. */
export function originalFile(source: object): BackingFile | undefined {
  const backing = backingOf(source);
  if (backing?.kind === "file") return backing;
  const origin = origins.get(source);
  return origin && originalFile(origin);
}

/** Returns the file of a sink that continues an unfinished file, if it does. */
export function leftoverOf(sink: object): BackingFile | undefined {
  const backing = backingOf(sink);
  // Nothing has been written yet to a file of length 0.
  return backing?.kind === "file" && (backing.leftoverLength ?? 0) > 0
    ? backing
    : undefined;
}
