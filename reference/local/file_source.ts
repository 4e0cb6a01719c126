import type { ByteRange } from "../../format/bytes/mod.ts";
import {
  checkRange,
  type ReadOptions,
  setBacking,
  type SyncByteSource,
} from "../sources/mod.ts";
import { LocalFile } from "./local_file.ts";
import { nodeFs } from "./node_fs.ts";

/**
 * A source over a file of this machine. Close it, or let `using` do it.
 *
 * It is the version that was opened: once the file has another size or another
 * time of modification, reads fail with a `SourceError` that says `changed`. They
 * look after reading, but not more often than every two milliseconds; so what
 * was read last is certain after `checkUnchanged`. File systems tell times in
 * ticks of some milliseconds: two writes within one, with the opening between
 * them, are not told apart.
 */
export interface FileSource extends SyncByteSource, Disposable {
  /** Looks now whether the file is still as it was opened; throws if not. */
  readonly checkUnchanged: () => void;
  /** The same, not more often than reads do: cheap enough to go before each page. */
  readonly checkRecently: () => void;
  /** Closes the file; a second call does nothing. */
  close(): void;
}

/** How to open a file source. */
export interface FileSourceOptions {
  /**
   * Whether the file is memory that is in use: that it is written to while it is
   * read is then no error. Default: false.
   */
  readonly inUse?: boolean | undefined;
  /**
   * Has the kernel begin to read a part of an open file, which no runtime does by
   * itself: on Linux `willNeed`, by the foreign function interface. What is long
   * and not in the page cache is then read faster. Default: none.
   */
  readonly willNeed?: ((fd: number, range: ByteRange) => void) | undefined;
}

/**
 * Opens a regular file or a block device for reading; pipes and other devices are
 * refused.
 *
 * Reads are positioned, so any number may be under way at once.
 *
 * @throws {SourceError} if the file is not there, not permitted or neither
 *
 * @example
 * ```ts
 * import { openFileSource } from "../../mod.ts";
 * import { writeFileSync } from "node:fs";
 * import assert from "node:assert/strict";
 *
 * const path = await Deno.makeTempFile();
 * writeFileSync(path, "QEVM");
 * using source = openFileSource(path);
 * assert.equal(source.byteLength, 4);
 * ```
 */
export function openFileSource(
  path: string,
  { inUse = false, willNeed }: FileSourceOptions = {},
): FileSource {
  const file = new LocalFile(path, nodeFs().constants.O_RDONLY);
  const watch = inUse ? undefined : file.watch();
  const source: FileSource = {
    name: file.name,
    byteLength: file.byteLength,
    readIntoSync(target: Uint8Array, offset: number): void {
      checkRange(file, offset, target.length);
      file.readSync(target, offset);
    },
    readInto(
      target: Uint8Array,
      offset: number,
      options?: ReadOptions,
    ): Promise<void> {
      return file.read(target, offset, options?.signal);
    },
    checkUnchanged: () => watch?.check(),
    checkRecently: () => watch?.step(),
    willNeed: willNeed &&
      ((range) => file.use((fd) => willNeed(fd, range))),
    close: () => file.close(),
    [Symbol.dispose]: () => file.close(),
  };
  setBacking(source, file.backing(path));
  return source;
}
