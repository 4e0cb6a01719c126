import type { ByteRange } from "../../format/mod.ts";
import type { ByteSource, SourceReadOptions } from "../sources/byte_source.ts";
import { checkRange } from "../sources/check_range.ts";

/** Bytes at an address, and where they are in a file. */
export interface PlacedRange {
  /** Address of the first byte. */
  readonly address: number;
  /** How many bytes. */
  readonly length: number;
  /** Where in the source the bytes are. */
  readonly position: number;
}

/**
 * Memory that a file has in ranges, as one source: what no range has is zero. Of
 * ranges that overlap, the one that starts last counts.
 */
export class AddressSpace implements ByteSource {
  readonly name: string;
  readonly byteLength: number;
  readonly checkUnchanged: ByteSource["checkUnchanged"];
  /** The ranges by address; none overlap. */
  readonly ranges: readonly PlacedRange[];
  readonly #source: ByteSource;

  /** From address 0 to the end of the last range, or to `byteLength`. */
  constructor(
    source: ByteSource,
    ranges: readonly PlacedRange[],
    byteLength?: number,
  ) {
    this.#source = source;
    this.name = source.name;
    this.checkUnchanged = source.checkUnchanged;
    this.ranges = separated(ranges);
    const last = this.ranges.at(-1);
    this.byteLength = byteLength ??
      (last === undefined ? 0 : last.address + last.length);
  }

  /** Where there may be something else than zeros. */
  get dataRanges(): ByteRange[] {
    return this.ranges.filter(({ address }) => address < this.byteLength)
      .map(({ address, length }) => ({ offset: address, length }));
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
    for (let index = this.#firstBehind(offset);; index++) {
      const range = this.ranges[index];
      if (range === undefined || range.address >= end) return;
      const from = Math.max(offset, range.address);
      const to = Math.min(end, range.address + range.length);
      await this.#source.readInto(
        target.subarray(from - offset, to - offset),
        range.position + from - range.address,
        options,
      );
    }
  }

  /** The same bytes in another order: each range at the address it is given. */
  moved(parts: readonly PlacedRange[], byteLength: number): AddressSpace {
    const ranges: PlacedRange[] = [];
    for (const { address, length, position } of parts) {
      for (const range of this.ranges) {
        const from = Math.max(position, range.address);
        const to = Math.min(position + length, range.address + range.length);
        if (from >= to) continue;
        ranges.push({
          address: address + from - position,
          length: to - from,
          position: range.position + from - range.address,
        });
      }
    }
    return new AddressSpace(this.#source, ranges, byteLength);
  }

  /** The first range that ends behind `offset`. */
  #firstBehind(offset: number): number {
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

/** By address; a range is cut where the next one starts. */
function separated(ranges: readonly PlacedRange[]): PlacedRange[] {
  const sorted = ranges.toSorted((a, b) => a.address - b.address);
  return sorted.map((range, index) => ({
    ...range,
    length: Math.min(
      range.length,
      (sorted[index + 1]?.address ?? Infinity) - range.address,
    ),
  })).filter(({ length }) => length > 0);
}
