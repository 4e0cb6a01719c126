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
  /**
   * Whether the source has other bytes at its positions: a RAMBlock, the pages of
   * which are in the file. Default: false.
   */
  readonly isPart?: boolean | undefined;
}

/** Memory that other threads share. */
export interface BackingMemory {
  readonly kind: "memory";
  readonly name: string;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** Whether the source has other bytes at its positions, as for a file. */
  readonly isPart?: boolean | undefined;
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
  return originalSource(source).file;
}

/**
 * Returns the source that a wrapper reads in the end, or the first with a file,
 * and the file.
 */
export function originalSource(
  source: object,
): { readonly original: object; readonly file: BackingFile | undefined } {
  for (let original = source;;) {
    const backing = backingOf(original);
    if (backing?.kind === "file") return { original, file: backing };
    const origin = origins.get(original);
    if (origin === undefined) return { original, file: undefined };
    original = origin;
  }
}

/** Returns the file of a sink that continues an unfinished file, if it does. */
export function leftoverOf(sink: object): BackingFile | undefined {
  const backing = backingOf(sink);
  // Nothing has been written yet to a file of length 0.
  return backing?.kind === "file" && (backing.leftoverLength ?? 0) > 0
    ? backing
    : undefined;
}

const keys = new WeakMap<object, string>();
let unknownCount = 0;

/**
 * Registers what tells the bytes of a remote source: two sources of one key have
 * the same bytes as long as neither has changed.
 */
export function setContentKey(source: object, key: string): void {
  keys.set(source, key);
}

/**
 * Returns what tells the bytes of a source, or of the one that it wraps: the
 * file, the version of a URL, or else the object itself. Sources of one key have
 * the same bytes as long as neither has changed.
 */
export function contentKeyOf(source: object): string {
  const { original, file } = originalSource(source);
  if (file !== undefined) return `file ${file.identity}`;
  const known = keys.get(original);
  if (known !== undefined) return known;
  const key = `source ${unknownCount++}`;
  keys.set(original, key);
  return key;
}
