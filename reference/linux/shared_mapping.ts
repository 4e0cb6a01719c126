import { closeSync, fstatSync, openSync } from "node:fs";
import { SourceError } from "../sources/mod.ts";
import { LINUX } from "./linux_constants.ts";
import { check, linux } from "./system_calls.ts";

/** Most bytes that are mapped: all runtimes make buffers of so many. */
const LENGTH_MAX = 0x40000000;

/**
 * A file as memory of this process, shared: what is written there is in the file
 * at once, for whoever else reads or maps it. It is unmapped by `using` or
 * {@linkcode unmap}; whoever touches it then, or behind the end of a file that
 * became shorter, is killed.
 *
 * @example
 * ```ts
 * import { SharedMapping } from "./mod.ts";
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
   * Maps a file, all of it.
   *
   * @throws {SourceError} if that cannot be: it is empty or longer than 1 GiB, no
   *   file, or the C library cannot be called
   */
  static open(path: string): SharedMapping {
    const { call } = linux();
    const fd = openFile(path);
    try {
      const stat = fstatSync(fd);
      const { size } = stat;
      if (!stat.isFile() || size === 0 || size > LENGTH_MAX) {
        const found = stat.isFile() ? `${size} bytes` : "it is no regular file";
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

  /** Unmaps it; no part of it may be used afterwards. */
  unmap(): void {
    if (!this.#mapped) return;
    this.#mapped = false;
    linux().call.munmap(this.#address, this.bytes.length);
  }

  /** As {@linkcode unmap}. */
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
