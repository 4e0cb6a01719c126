import { closeSync, fstatSync, openSync } from "node:fs";
import { type FileVersion, identityOf } from "../local/mod.ts";
import type { ByteSpan } from "../faulting/mod.ts";
import type { BackingFile } from "../sources/mod.ts";
import { FileVersionReader } from "./file_version.ts";
import { LINUX } from "./linux_constants.ts";
import { noteAddress } from "./native_addresses.ts";
import { linux } from "../system/mod.ts";

/** Bytes of a piece of a mapping, a buffer size that all runtimes support. */
const PIECE = 0x40000000;
/** Bytes prepared at a time, which takes about a tenth of a millisecond. */
const WARM = 0x200000;

/** A file to map. */
export type MappedFile = Pick<
  BackingFile,
  "path" | "identity" | "byteLength"
>;

/**
 * A mapped file that only the kernel reads: after truncation a system call
 * fails, whereas a direct read would die of SIGBUS.
 */
export class FileMapping implements Disposable {
  /** Size of the file when it was mapped. */
  readonly byteLength: number;
  readonly #address: number;
  readonly #fd: number;
  readonly #version: FileVersionReader;
  readonly #pieces: (Uint8Array | undefined)[] = [];
  readonly #cached = new Uint8Array(WARM / linux().pageSize);
  #warmed = 0;
  #beforeUse = () => {};
  #isMapped = true;

  private constructor(
    path: string,
    { fd, address, byteLength }: {
      readonly fd: number;
      readonly address: number;
      readonly byteLength: number;
    },
  ) {
    this.byteLength = byteLength;
    this.#fd = fd;
    this.#address = address;
    this.#version = new FileVersionReader(fd, path);
  }

  /**
   * Maps an open file, given by its path; returns undefined if that is
   * impossible, or if the path leads to another file by now.
   */
  static open({ path, identity, byteLength }: MappedFile):
    | FileMapping
    | undefined {
    let fd: number;
    try {
      // Without O_NONBLOCK, opening a pipe waits for a writer.
      fd = openSync(path, LINUX.O_NONBLOCK | LINUX.O_CLOEXEC);
    } catch {
      return undefined;
    }
    let mapping: FileMapping | undefined;
    try {
      const stat = fstatSync(fd);
      const isSame = identityOf(stat) === identity &&
        stat.size === byteLength;
      if (!isSame || !stat.isFile() || byteLength === 0) return undefined;
      const { PROT_READ, MAP_SHARED } = LINUX;
      const { call } = linux();
      const address = call.mmap(0, byteLength, PROT_READ, MAP_SHARED, fd, 0);
      if (address < 0) return undefined;
      return mapping = new FileMapping(path, { fd, address, byteLength });
    } finally {
      if (mapping === undefined) closeSync(fd);
    }
  }

  /**
   * Returns the current version of the file; not to be called once unmapped.
   */
  readVersion(): FileVersion {
    return this.#version.read();
  }

  /**
   * Sets a function that is called before each view; it throws to refuse it.
   */
  guard(beforeUse: () => void): void {
    this.#beforeUse = beforeUse;
  }

  /** Returns a view of a range; undefined if it is not within one piece. */
  view(offset: number, length: number): ByteSpan | undefined {
    if (!this.#isMapped) return undefined;
    this.#beforeUse();
    const index = Math.floor(offset / PIECE);
    const start = offset - index * PIECE;
    const bytes = this.#pieces[index] ??= this.#map(index);
    return start + length <= bytes.length
      ? { bytes, start, length }
      : undefined;
  }

  /**
   * Populates the page tables of the next `WARM` bytes if all of them are in
   * the page cache. Reading the others from disk here would delay waiting
   * faults. Returns whether there is more.
   */
  warmNext(): boolean {
    const from = this.#warmed;
    const length = Math.min(WARM, this.byteLength - from);
    if (length <= 0) return false;
    const { call, pageSize } = linux();
    const address = this.#address + from;
    const cached = this.#cached;
    const pages = Math.ceil(length / pageSize);
    const isCached = call.mincore(address, length, cached) === 0 &&
      cached.subarray(0, pages).every((it) => (it & 1) === 1);
    // Fails on older kernels, and on a file that was truncated.
    const goesOn = !isCached ||
      call.madvise(address, length, LINUX.MADV_POPULATE_READ) === 0;
    this.#warmed = goesOn ? from + length : this.byteLength;
    return this.#warmed < this.byteLength;
  }

  /** Unmaps the file; no view of it may be used afterwards. */
  [Symbol.dispose](): void {
    if (!this.#isMapped) return;
    this.#isMapped = false;
    this.#warmed = this.byteLength;
    linux().call.munmap(this.#address, this.byteLength);
    this.#version[Symbol.dispose]();
    closeSync(this.#fd);
  }

  #map(index: number): Uint8Array {
    const offset = index * PIECE;
    const length = Math.max(0, Math.min(PIECE, this.byteLength - offset));
    const bytes = linux().bytesAt(this.#address + offset, length);
    noteAddress(bytes, this.#address + offset);
    return bytes;
  }
}
