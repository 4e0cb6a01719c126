import type { ByteRange } from "../../format/bytes/mod.ts";

/** A file that another thread can open again. */
export interface BackingFile {
  /** Tells it from memory. */
  readonly kind: "file";
  /** Its path, right now. */
  readonly path: string;
  /** Its name in errors. */
  readonly name: string;
  /** Device and inode: whether what is at the path is still the same file. */
  readonly identity: string;
  /** Its size when it was opened. */
  readonly byteLength: number;
  /** Bytes that it took on the disk then, where the file system tells. */
  readonly allocatedLength?: number | undefined;
  /** Of a sink: the size of what is gone on with; 0 if that is nothing. */
  readonly leftoverLength?: number | undefined;
  /** Where that is not a hole, in order, where the file system tells. */
  readonly leftoverRanges?: readonly ByteRange[] | undefined;
}

/** Memory that another thread sees, too. */
export interface BackingMemory {
  readonly kind: "memory";
  readonly name: string;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
}

/** What lies under a source or a sink, where other threads can get at it. */
export type Backing = BackingFile | BackingMemory;

const backings = new WeakMap<object, Backing>();

/** Notes what lies under a source or a sink. */
export function setBacking(object: object, backing: Backing): void {
  backings.set(object, backing);
}

/** What lies under a source or a sink; undefined where no thread can get at it. */
export function backingOf(object: object): Backing | undefined {
  return backings.get(object);
}
