import { LINUX } from "./linux_constants.ts";
import { check, linux } from "../system/mod.ts";

/** Options of `NativeMemory`. */
export interface NativeMemoryOptions {
  /** Bytes of a huge page, to use such pages. Default: pages of normal size. */
  readonly hugePageSize?: number | undefined;
}

/**
 * Memory mapped at a fixed address, for system calls and other threads. It is
 * not garbage-collected; `using` or {@linkcode unmap} unmaps it, and touching
 * it afterwards kills the process.
 */
export class NativeMemory implements Disposable {
  /** Address of the memory. */
  readonly address: number;
  /** Length in bytes, in whole pages. */
  readonly byteLength: number;
  /** Bytes of a page. */
  readonly pageSize: number;
  #mapped = true;

  /** Maps private, zero-filled memory, with no page allocated yet. */
  constructor(byteLength: number, options: NativeMemoryOptions = {}) {
    const { call, pageSize } = linux();
    this.pageSize = options.hugePageSize ?? pageSize;
    this.byteLength = Math.ceil(byteLength / this.pageSize) * this.pageSize;
    let flags = LINUX.MAP_PRIVATE | LINUX.MAP_ANONYMOUS | LINUX.MAP_NORESERVE;
    if (options.hugePageSize !== undefined) {
      flags |= LINUX.MAP_HUGETLB |
        Math.log2(options.hugePageSize) << LINUX.MAP_HUGE_SHIFT;
    }
    const protection = LINUX.PROT_READ | LINUX.PROT_WRITE;
    this.address = check(
      call.mmap(0, this.byteLength, protection, flags, -1, 0),
      `map ${this.byteLength} bytes of memory`,
      () =>
        options.hugePageSize === undefined
          ? undefined
          : `check that there are free pages of ${options.hugePageSize} bytes (vm.nr_hugepages)`,
    );
  }

  /** Returns a view of the memory. */
  bytes(
    offset = 0,
    length = this.byteLength - offset,
  ): Uint8Array<ArrayBuffer> {
    if (offset < 0 || length < 0 || offset + length > this.byteLength) {
      throw new RangeError(
        `Cannot access ${length} bytes at offset ${offset} of memory of ` +
          `${this.byteLength} bytes`,
      );
    }
    return linux().bytesAt(this.address + offset, length);
  }

  /** Unmaps the memory; no view of it may be used afterwards. */
  unmap(): void {
    if (!this.#mapped) return;
    this.#mapped = false;
    linux().call.munmap(this.address, this.byteLength);
  }

  /** Unmaps the memory as {@linkcode unmap} does. */
  [Symbol.dispose](): void {
    this.unmap();
  }
}
