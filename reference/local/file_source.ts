import type { ByteRange } from "../../format/mod.ts";
import { setBacking } from "../sources/backing.ts";
import type { ReadOptions, SyncByteSource } from "../sources/byte_source.ts";
import { checkRange } from "../sources/check_range.ts";
import { LocalFile, nodeFs } from "./local_file.ts";

/** A source over a file of this machine. Close it, or let `using` do it. */
export interface FileSource extends SyncByteSource, Disposable {
  /** Closes the file; a second call does nothing. */
  close(): void;
}

/** How to open a file source. */
export interface FileSourceOptions {
  /**
   * Has the kernel begin to read a part of an open file, which no runtime does by
   * itself: on Linux `willNeed`, by the foreign function interface. What is long
   * and not in the page cache is then read faster. Default: none.
   */
  readonly willNeed?: ((fd: number, range: ByteRange) => void) | undefined;
}

/**
 * Opens a regular file for reading; pipes and devices are refused.
 *
 * Reads are positioned, so any number may be under way at once.
 *
 * @throws {SourceError} if the file is not there, not permitted or not regular
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
  { willNeed }: FileSourceOptions = {},
): FileSource {
  const file = new LocalFile(path, nodeFs().constants.O_RDONLY);
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
    willNeed: willNeed &&
      ((range) => file.use((fd) => willNeed(fd, range))),
    close: () => file.close(),
    [Symbol.dispose]: () => file.close(),
  };
  setBacking(source, file.backing(path));
  return source;
}
