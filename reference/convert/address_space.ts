import type { ByteRange } from "../../format/bytes/mod.ts";
import {
  type ByteSource,
  checkRange,
  type SourceReadOptions,
} from "../sources/mod.ts";
import type { Architecture } from "./architecture.ts";

/** Memory at an address, and where its bytes are in a file. */
export interface PlacedRange {
  /** Address of the first byte. */
  readonly address: number;
  /** Number of bytes. */
  readonly length: number;
  /** Where the bytes are in the source; undefined: they are zero. */
  readonly position: number | undefined;
}

/** Properties of the memory in a file, and what else the file contains. */
export interface AddressSpaceOptions {
  /** Size in bytes. Default: up to the end of the last range. */
  readonly byteLength?: number | undefined;
  /** Architecture of the guest, if the file names it. */
  readonly architecture?: Architecture | undefined;
  /** Parts of the file without a physical address, which were skipped. */
  readonly unplaced?: readonly ByteRange[] | undefined;
  /** Whether the file has notes, such as registers. Default: false. */
  readonly hasNotes?: boolean;
}

/**
 * Memory given as ranges of a file, as one source; bytes in no range are zero.
 * Where ranges overlap, the one that starts first is read; the openers refuse
 * overlaps that differ.
 */
export class AddressSpace implements ByteSource {
  readonly name: string;
  readonly byteLength: number;
  readonly checkUnchanged: ByteSource["checkUnchanged"];
  /** The ranges by address; they do not overlap. */
  readonly ranges: readonly PlacedRange[];
  /** Architecture of the guest, if the file names it. */
  readonly architecture: Architecture | undefined;
  /** Parts of the file without a physical address, which were skipped. */
  readonly unplaced: readonly ByteRange[];
  /** Whether the file has notes, such as registers, besides its memory. */
  readonly hasNotes: boolean;
  readonly #source: ByteSource;

  /** Creates a source from address 0 on. */
  constructor(
    source: ByteSource,
    ranges: readonly PlacedRange[],
    options: AddressSpaceOptions = {},
  ) {
    this.#source = source;
    this.name = source.name;
    this.checkUnchanged = source.checkUnchanged?.bind(source);
    this.ranges = separated(ranges);
    this.architecture = options.architecture;
    this.unplaced = options.unplaced ?? [];
    this.hasNotes = options.hasNotes ?? false;
    const last = this.ranges.at(-1);
    this.byteLength = options.byteLength ??
      (last === undefined ? 0 : last.address + last.length);
  }

  /** Ranges that may be nonzero. */
  get dataRanges(): ByteRange[] {
    return this.ranges.filter(({ address, position }) =>
      position !== undefined && address < this.byteLength
    ).map(({ address, length }) => ({ offset: address, length }));
  }

  /** Fills the whole target. */
  async readInto(
    target: Uint8Array,
    offset: number,
    options?: SourceReadOptions,
  ): Promise<void> {
    checkRange(this, offset, target.length);
    target.fill(0);
    const end = offset + target.length;
    for (const range of this.rangesBetween(offset, end)) {
      if (range.position === undefined) continue;
      const from = Math.max(offset, range.address);
      const to = Math.min(end, range.address + range.length);
      await this.#source.readInto(
        target.subarray(from - offset, to - offset),
        range.position + from - range.address,
        options,
      );
    }
  }

  /** Yields the ranges that overlap [start, end), uncut. */
  *rangesBetween(start: number, end: number): Generator<PlacedRange> {
    for (let index = this.#firstAfter(start);; index++) {
      const range = this.ranges[index];
      if (range === undefined || range.address >= end) return;
      yield range;
    }
  }

  /** Returns the same bytes rearranged: each range at its new address. */
  moved(
    parts: readonly (PlacedRange & { readonly position: number })[],
    byteLength: number,
  ): AddressSpace {
    const ranges: PlacedRange[] = [];
    for (const { address, length, position } of parts) {
      for (const range of this.ranges) {
        const from = Math.max(position, range.address);
        const to = Math.min(position + length, range.address + range.length);
        if (from >= to) continue;
        ranges.push({
          address: address + from - position,
          length: to - from,
          position: range.position === undefined
            ? undefined
            : range.position + from - range.address,
        });
      }
    }
    return new AddressSpace(this.#source, ranges, { byteLength });
  }

  /** Returns the first range that ends after `offset`. */
  #firstAfter(offset: number): number {
    let low = 0;
    for (let high = this.ranges.length; low < high;) {
      const middle = Math.floor((low + high) / 2);
      const { address, length } = this.ranges[middle];
      if (address + length <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Sorts ranges by address and cuts off what earlier ones cover. */
function separated(ranges: readonly PlacedRange[]): PlacedRange[] {
  const sorted = ranges.toSorted((a, b) => a.address - b.address);
  const result: PlacedRange[] = [];
  let covered = 0;
  for (const { address, length, position } of sorted) {
    const cut = Math.max(0, covered - address);
    if (length <= cut) continue;
    result.push({
      address: address + cut,
      length: length - cut,
      position: position === undefined ? undefined : position + cut,
    });
    covered = address + length;
  }
  return result;
}
