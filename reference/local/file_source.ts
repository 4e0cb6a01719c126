import type { ByteRange } from "../../format/bytes/mod.ts";
import {
  checkRange,
  type ReadOptions,
  setBacking,
  type SyncByteSource,
} from "../sources/mod.ts";
import { LocalFile } from "./local_file.ts";
import { nodeFs } from "./builtin_module.ts";

/**
 * A source over a local file. Close it, or declare it with `using`.
 *
 * It reads the version that was opened: after the file's size or modification
 * time changes, reads fail with a `SourceError` marked `changed`. Reads check
 * this afterwards, but at most every two milliseconds, so the latest reads are
 * certain only after `checkUnchanged`. File systems keep times in ticks of a
 * few milliseconds: two writes within one tick, with the opening between them,
 * cannot be told apart.
 */
export interface FileSource extends SyncByteSource, Disposable {
  /** Checks now; throws if the file has changed since it was opened. */
  readonly checkUnchanged: () => void;
  /** Closes the file; a second call does nothing. */
  close(): void;
}

/** Options of opening a file source. */
export interface FileSourceOptions {
  /**
   * Whether the file is memory in use, so that writes to it during reads are no
   * error. Default: false.
   */
  readonly inUse?: boolean | undefined;
  /**
   * Makes the kernel read a range of an open file ahead, so that long ranges
   * outside the page cache are read faster. The runtimes have no such call; on
   * Linux, pass `willNeed`, which uses the foreign function interface. Default:
   * none.
   */
  readonly willNeed?: ((fd: number, range: ByteRange) => void) | undefined;
}

/**
 * Opens a regular file or a block device for reading; pipes and other devices
 * are refused.
 *
 * Reads are positioned, so any number may run at once.
 *
 * @throws {SourceError} if the file does not exist, is not permitted, or is
 * neither a regular file nor a block device
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
    willNeed: willNeed &&
      ((range) => file.use((fd) => willNeed(fd, range))),
    close: () => file.close(),
    [Symbol.dispose]: () => file.close(),
  };
  setBacking(source, file.backing(path));
  return source;
}
