import { closeSync, fstatSync, openSync } from "node:fs";
import { SourceError } from "../sources/mod.ts";
import { LINUX } from "./linux_constants.ts";
import { check, linux } from "../system/mod.ts";

/** Maximum bytes of a mapping, a buffer size that all runtimes support. */
const LENGTH_MAX = 0x40000000;

/**
 * A file mapped shared into this process: writes are visible at once to others
 * that read or map the file. `using` or {@linkcode unmap} unmaps it. Touching
 * it afterwards, or past the end of a file that was truncated, kills the
 * process.
 *
 * @example
 * ```ts
 * import { SharedMapping } from "../doors/linux.ts";
 *
 * function writePage(image: string, page: number): void {
 *   using ram = SharedMapping.open(image);
 *   ram.bytes.fill(1, page * 4096, (page + 1) * 4096);
 * }
 * ```
 */
export class SharedMapping implements Disposable {
  /** All bytes of the file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #address: number;
  #mapped = true;

  private constructor(address: number, byteLength: number) {
    this.#address = address;
    this.bytes = linux().bytesAt(address, byteLength);
  }

  /**
   * Maps a whole file.
   *
   * @throws {SourceError} if it is empty, longer than 1 GiB or not a regular
   *   file, or if the C library cannot be called
   */
  static open(path: string): SharedMapping {
    const { call } = linux();
    const fd = openFile(path);
    try {
      const stat = fstatSync(fd);
      const { size } = stat;
      if (!stat.isFile() || size === 0 || size > LENGTH_MAX) {
        const found = stat.isFile() ? `${size} bytes` : "not a regular file";
        throw refusal(path, `${found}, expected 1 to ${LENGTH_MAX} bytes`);
      }
      const protection = LINUX.PROT_READ | LINUX.PROT_WRITE;
      const address = check(
        call.mmap(0, size, protection, LINUX.MAP_SHARED, fd, 0),
        `map ${JSON.stringify(path)}`,
      );
      return new SharedMapping(address, size);
    } finally {
      closeSync(fd);
    }
  }

  /** Unmaps the file; `bytes` may not be used afterwards. */
  unmap(): void {
    if (!this.#mapped) return;
    this.#mapped = false;
    linux().call.munmap(this.#address, this.bytes.length);
  }

  /** Unmaps the file as {@linkcode unmap} does. */
  [Symbol.dispose](): void {
    this.unmap();
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, "r+");
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw refusal(path, message, error);
  }
}

function refusal(path: string, reason: string, cause?: unknown): SourceError {
  return new SourceError(
    path,
    `Cannot map ${JSON.stringify(path)}: ${reason}`,
    cause === undefined ? {} : { cause },
  );
}
