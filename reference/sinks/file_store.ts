import { LocalFile, nodeFs } from "../local/mod.ts";
import { checkRange, type ReadOptions } from "../sources/mod.ts";
import type { ByteStore } from "./byte_sink.ts";

/** A file that is rewritten in place. Close it, or declare it with `using`. */
export interface FileStore extends ByteStore, Disposable {
  /** Closes the file; a second call does nothing. */
  close(): void;
}

/** Options of opening a file store. */
export interface FileStoreOptions {
  /**
   * Punches a hole into an open file. The runtimes have no such call; on Linux,
   * pass `fallocate`, which uses the foreign function interface. Default: none.
   */
  readonly punchHole?:
    | ((fd: number, range: {
      readonly name: string;
      readonly offset: number;
      readonly length: number;
    }) => void)
    | undefined;
}

/**
 * Opens a regular file for reading and rewriting in place.
 *
 * @throws {SourceError} if the file does not exist, is not permitted, or is not
 * regular
 *
 * @example
 * ```ts
 * import { openFileStore } from "../../mod.ts";
 * import { readFileSync, writeFileSync } from "node:fs";
 * import assert from "node:assert/strict";
 *
 * const path = await Deno.makeTempFile();
 * writeFileSync(path, "QEVM");
 * using store = openFileStore(path);
 * await store.write(new TextEncoder().encode("v"), 2);
 * assert.equal(readFileSync(path, "utf8"), "QEvM");
 * ```
 */
export function openFileStore(
  path: string,
  { punchHole }: FileStoreOptions = {},
): FileStore {
  const file = new LocalFile(path, nodeFs().constants.O_RDWR);
  return {
    name: file.name,
    byteLength: file.byteLength,
    readInto(
      target: Uint8Array,
      offset: number,
      options?: ReadOptions,
    ): Promise<void> {
      return file.read(target, offset, options?.signal);
    },
    // deno-lint-ignore require-await -- errors must become rejections
    async write(bytes: Uint8Array, offset: number): Promise<void> {
      checkRange(file, offset, bytes.length);
      file.writeSync(bytes, offset);
    },
    // deno-lint-ignore require-await -- errors must become rejections
    async flush(): Promise<void> {
      file.flush();
    },
    ...(punchHole === undefined ? {} : {
      // deno-lint-ignore require-await -- errors must become rejections
      async punchHole(offset: number, length: number): Promise<void> {
        checkRange(file, offset, length);
        const { name } = file;
        file.use((fd) => punchHole(fd, { name, offset, length }));
      },
    }),
    close: () => file.close(),
    [Symbol.dispose]: () => file.close(),
  };
}
