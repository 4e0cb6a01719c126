import type { ByteSpan, PageInstaller } from "../faulting/mod.ts";
import {
  addressOf,
  ERRNO,
  type NativeBuffers,
  NativeMemory,
  type Placed,
  SystemCallError,
  type Userfaultfd,
} from "../linux/mod.ts";
import { SourceError } from "../sources/mod.ts";

/** Memory of a process, registered with a userfaultfd. */
export interface UffdRegion {
  /** Its address in that process. */
  readonly address: number;
  /** Its size. */
  readonly byteLength: number;
  /** Bytes of a page of it. */
  readonly pageSize: number;
}

/** How to put pages in place. */
export interface UffdInstallerOptions {
  /** As `Userfaultfd.register` returned it. */
  readonly hasZeropage: boolean;
  /** Where its buffers come from. */
  readonly buffers: NativeBuffers;
}

/** More pieces than this no memory may be in: each fault looks through them. */
const SEGMENTS_MAX = 1024;

/** Where a part of the memory is now: its owner may move and unmap it. */
interface Segment {
  readonly offset: number;
  readonly address: number;
  readonly length: number;
}

/** Puts pages in place by a userfaultfd. */
export class UffdInstaller implements PageInstaller, Disposable {
  readonly byteLength: number;
  readonly pageSize: number;
  readonly #uffd: Userfaultfd;
  readonly #buffers: NativeBuffers;
  #segments: readonly Segment[];
  #zeros: NativeMemory | undefined;

  /** Into a region that is registered with `uffd`. */
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

  /** The offset in the memory of an address; undefined if it is not in it. */
  offsetOf(address: number): number | undefined {
    for (const it of this.#segments) {
      const within = address - it.address;
      if (within >= 0 && within < it.length) return it.offset + within;
    }
    return undefined;
  }

  /** The parts of the memory that lie in a range of addresses. */
  partsIn(start: number, end: number): { offset: number; length: number }[] {
    return this.#segments.flatMap((it) => {
      const from = Math.max(start, it.address);
      const until = Math.min(end, it.address + it.length);
      if (from >= until) return [];
      return [{ offset: it.offset + from - it.address, length: until - from }];
    });
  }

  /**
   * What was at `from` is at `to` now; without `to` it is nowhere.
   *
   * @throws {SourceError} if the memory is in too many pieces then
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
        `Cannot follow memory that is in ${this.#segments.length} pieces: ` +
          `expected at most ${SEGMENTS_MAX}`,
      );
    }
  }

  /** Where the memory is now. */
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
      throw new TypeError("Cannot put bytes in place that are not ours");
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

  /** Ends its use; the userfaultfd puts nothing in place any more. */
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
   * Puts what is at an address in place, or zeros: as the kernel does some, and
   * stops, over and over until it is all.
   */
  #place(offset: number, length: number, from: number | undefined): number {
    let done = 0;
    while (done < length) {
      const at = offset + done;
      const segment = this.#segmentAt(at);
      if (segment === undefined) {
        done += this.pageSize; // It was unmapped: nobody can wait for it.
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
      if (placed.errno === ERRNO.EAGAIN) return done; // An event is to be read.
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

  /** A page that need not be put in place, or an error. */
  #passOver(address: number, errno: number): void {
    // It is being unmapped, is watched no more, or is there: a fault that was
    // told of twice, or another's work.
    if (errno !== ERRNO.ENOENT && errno !== ERRNO.EEXIST) {
      const where = `0x${address.toString(16)}`;
      throw new SystemCallError(`put pages in place at ${where}`, { errno });
    }
    // Who faults while a range is unregistered may sleep just after that has
    // woken all (Linux 6.7 and later), so it is woken by its event, too.
    this.#uffd.wake(address, this.pageSize);
  }
}
