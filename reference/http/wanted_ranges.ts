import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";

/** Receives bytes of the wanted range `index`, at `position` within it. */
export type TakePart = (
  bytes: Uint8Array,
  index: number,
  position: number,
) => Promise<void> | void;

/** The wanted ranges and the consumer of their bytes. */
export class WantedRanges {
  readonly #ranges: readonly ByteRange[];
  readonly #take: TakePart;

  /** The ranges may be in any order. */
  constructor(ranges: readonly ByteRange[], take: TakePart) {
    this.#ranges = ranges;
    this.#take = take;
  }

  /** Returns the indexes of the ranges within a longer range. */
  within({ offset, length }: ByteRange): number[] {
    const end = offset + length;
    const inside: number[] = [];
    for (const [index, wanted] of this.#ranges.entries()) {
      const isInside = offset <= wanted.offset && rangeEnd(wanted) <= end;
      if (isInside) inside.push(index);
    }
    return inside;
  }

  /** Passes on the parts of `bytes`, at `offset`, in the ranges `inside`. */
  async hand(
    bytes: Uint8Array,
    offset: number,
    { inside }: { readonly inside: readonly number[] },
  ): Promise<void> {
    for (const index of inside) {
      const wanted = this.#ranges[index];
      const start = Math.max(0, wanted.offset - offset);
      const end = Math.min(bytes.length, rangeEnd(wanted) - offset);
      if (start >= end) continue;
      const position = offset + start - wanted.offset;
      await this.#take(bytes.subarray(start, end), index, position);
    }
  }
}
