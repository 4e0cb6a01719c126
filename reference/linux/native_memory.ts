import { LINUX } from "./linux_constants.ts";
import { check, linux } from "./system_calls.ts";

/** How to map memory. */
export interface NativeMemoryOptions {
  /** Bytes of a huge page, for memory in such. Default: pages of the usual size. */
  readonly hugePageSize?: number | undefined;
}

/**
 * Memory that the kernel maps, at an address that stays: for calls, for other
 * threads. It is not collected; it is unmapped by `using` or {@linkcode unmap},
 * and whoever touches it then is killed.
 */
export class NativeMemory implements Disposable {
  /** Where it is. */
  readonly address: number;
  /** Its size. */
  readonly byteLength: number;
  /** Bytes of a page of it. */
  readonly pageSize: number;
  #mapped = true;

  /** Maps private memory, all zero, of which no page is there yet. */
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
          : `are there free pages of ${options.hugePageSize} bytes? (vm.nr_hugepages)`,
    );
  }

  /** A part of it, not copied. */
  bytes(
    offset = 0,
    length = this.byteLength - offset,
  ): Uint8Array<ArrayBuffer> {
    if (offset < 0 || length < 0 || offset + length > this.byteLength) {
      throw new RangeError(
        `Cannot look at ${length} bytes at ${offset} of memory of ` +
          `${this.byteLength} bytes`,
      );
    }
    return linux().bytesAt(this.address + offset, length);
  }

  /** Has whoever touches it from now on killed; it stays mapped. */
  forbid(): void {
    linux().call.mprotect(this.address, this.byteLength, LINUX.PROT_NONE);
  }

  /** Gives it back; no part of it may be used afterwards. */
  unmap(): void {
    if (!this.#mapped) return;
    this.#mapped = false;
    linux().call.munmap(this.address, this.byteLength);
  }

  /** As {@linkcode unmap}. */
  [Symbol.dispose](): void {
    this.unmap();
  }
}
