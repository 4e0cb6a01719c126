import type { ByteSpan, PageInstaller } from "../faulting/mod.ts";
import {
  addressOf,
  type NativeBuffers,
  NativeMemory,
  type Placed,
  type Userfaultfd,
} from "../linux/mod.ts";
import { ERRNO, SystemCallError } from "../system/mod.ts";
import { SourceError } from "../sources/mod.ts";

/** Memory of a process, registered with a userfaultfd. */
export interface UffdRegion {
  /** Address in that process. */
  readonly address: number;
  /** Length in bytes. */
  readonly byteLength: number;
  /** Bytes of a page. */
  readonly pageSize: number;
}

/** Options of `UffdInstaller`. */
export interface UffdInstallerOptions {
  /** The result of `Userfaultfd.register`. */
  readonly hasZeropage: boolean;
  /** Pool of buffers. */
  readonly buffers: NativeBuffers;
}

/** Maximum pieces of a memory, since each fault searches them. */
const SEGMENTS_MAX = 1024;

/**
 * The current place of a part of the memory: its owner may move or unmap it.
 */
interface Segment {
  readonly offset: number;
  readonly address: number;
  readonly length: number;
}

/** Puts pages in place through a userfaultfd. */
export class UffdInstaller implements PageInstaller, Disposable {
  readonly byteLength: number;
  readonly pageSize: number;
  readonly #uffd: Userfaultfd;
  readonly #buffers: NativeBuffers;
  #segments: readonly Segment[];
  #zeros: NativeMemory | undefined;

  /** Fills a region that is registered with `uffd`. */
  constructor(
    uffd: Userfaultfd,
    region: UffdRegion,
    options: UffdInstallerOptions,
  ) {
    this.#uffd = uffd;
    this.#buffers = options.buffers;
    this.byteLength = region.byteLength;
    this.pageSize = region.pageSize;
    this.#segments = [{
      offset: 0,
      address: region.address,
      length: region.byteLength,
    }];
    if (!options.hasZeropage) this.#zeros = new NativeMemory(region.pageSize);
  }

  /**
   * Returns the offset of an address in the memory; undefined if outside it.
   */
  offsetOf(address: number): number | undefined {
    for (const it of this.#segments) {
      const within = address - it.address;
      if (within >= 0 && within < it.length) return it.offset + within;
    }
    return undefined;
  }

  /** Returns the parts of the memory within a range of addresses. */
  partsIn(start: number, end: number): { offset: number; length: number }[] {
    return this.#segments.flatMap((it) => {
      const from = Math.max(start, it.address);
      const until = Math.min(end, it.address + it.length);
      if (from >= until) return [];
      return [{ offset: it.offset + from - it.address, length: until - from }];
    });
  }

  /**
   * Records that memory was moved from `from` to `to`, or unmapped if `to` is
   * undefined.
   *
   * @throws {SourceError} if the memory is then in too many pieces
   */
  move(from: number, length: number, to: number | undefined): void {
    const end = from + length;
    this.#segments = this.#segments.flatMap((it) => {
      const cuts = [from, end].map((cut) =>
        Math.max(it.address, Math.min(cut, it.address + it.length))
      );
      const bounds = [it.address, ...cuts, it.address + it.length];
      return [0, 1, 2].flatMap((n) => {
        const start = bounds[n];
        const size = bounds[n + 1] - start;
        if (size <= 0 || n === 1 && to === undefined) return [];
        const address = n === 1 && to !== undefined ? to + start - from : start;
        const offset = it.offset + start - it.address;
        return [{ offset, address, length: size }];
      });
    });
    if (this.#segments.length > SEGMENTS_MAX) {
      throw new SourceError(
        "memory",
        `Cannot track memory in ${this.#segments.length} pieces, expected at ` +
          `most ${SEGMENTS_MAX}`,
      );
    }
  }

  /** The current places of the memory. */
  get segments(): readonly { readonly address: number; length: number }[] {
    return this.#segments;
  }

  allocate(byteLength: number): Uint8Array {
    return this.#buffers.take(byteLength);
  }

  release(bytes: Uint8Array): void {
    this.#buffers.give(bytes);
  }

  copy(offset: number, { bytes, start, length }: ByteSpan): number {
    const address = addressOf(bytes);
    if (address === undefined) {
      throw new TypeError(
        "Cannot put bytes in place: expected a buffer of `allocate` or a view " +
          "of a mapped file",
      );
    }
    return this.#place(offset, length, address + start);
  }

  zeropage(offset: number, length: number): number {
    return this.#place(offset, length, undefined);
  }

  wake(offset: number, length: number): void {
    for (const it of this.#segments) {
      const from = Math.max(offset, it.offset);
      const end = Math.min(offset + length, it.offset + it.length);
      if (from < end) {
        this.#uffd.wake(it.address + from - it.offset, end - from);
      }
    }
  }

  /**
   * Frees the memory of the installer. Call after the userfaultfd's `release`.
   */
  [Symbol.dispose](): void {
    this.#zeros?.unmap();
  }

  #segmentAt(offset: number): Segment | undefined {
    for (const it of this.#segments) {
      if (offset >= it.offset && offset < it.offset + it.length) return it;
    }
    return undefined;
  }

  /**
   * Puts bytes from an address in place, or zeros if `from` is undefined.
   * Repeats the call until all pages are placed, since the kernel may place
   * fewer than asked.
   */
  #place(offset: number, length: number, from: number | undefined): number {
    let done = 0;
    while (done < length) {
      const at = offset + done;
      const segment = this.#segmentAt(at);
      if (segment === undefined) {
        done += this.pageSize; // Unmapped, so no thread waits for it.
        continue;
      }
      const address = segment.address + at - segment.offset;
      const size = Math.min(
        length - done,
        segment.offset + segment.length - at,
      );
      const placed = from === undefined
        ? this.#zero(address, size)
        : this.#uffd.copy(address, from + done, size);
      done += placed.length;
      if (placed.errno === 0 || placed.length > 0) continue;
      if (placed.errno === ERRNO.EAGAIN) return done; // Read an event first.
      this.#passOver(address, placed.errno);
      done += this.pageSize;
    }
    return done;
  }

  #zero(address: number, length: number): Placed {
    const zeros = this.#zeros;
    return zeros === undefined
      ? this.#uffd.zeropage(address, length)
      : this.#uffd.copy(address, zeros.address, this.pageSize);
  }

  /** Skips a page that need not be put in place; throws any other error. */
  #passOver(address: number, errno: number): void {
    // ENOENT: the page is being unmapped or is no longer registered. EEXIST: it
    // is in place, because its fault was reported twice or another placed it.
    if (errno !== ERRNO.ENOENT && errno !== ERRNO.EEXIST) {
      const where = `0x${address.toString(16)}`;
      throw new SystemCallError(`put pages in place at ${where}`, { errno });
    }
    // A thread that faults while a range is being unregistered may fall asleep
    // just after all were woken (Linux 6.7 and later), so wake it here as well.
    this.#uffd.wake(address, this.pageSize);
  }
}
