import type { PageRun } from "../../format/bitmap/mod.ts";
import type { AddressSpace } from "./address_space.ts";
import type { GuestRange } from "./guest_range.ts";
import type { MemoryBlock, MemoryImage } from "./memory_image.ts";

const PAGE = 4096;
const IDSTR = "memory";

/** Returns guest-physical memory as an image of one block with these ranges. */
export function imageOfRanges(
  memory: AddressSpace,
): { readonly image: MemoryImage; readonly ranges: readonly GuestRange[] } {
  const usedLength = memory.byteLength;
  const block: MemoryBlock = {
    idstr: IDSTR,
    usedLength,
    pageSize: PAGE,
    name: memory.name,
    byteLength: usedLength,
    checkUnchanged: memory.checkUnchanged?.bind(memory),
    readInto: (target, offset, options) =>
      memory.readInto(target, offset, options),
    async *presentRuns({ first = 0, end = Infinity } = {}) {
      yield* pagesOf(memory, first, end);
    },
  };
  const ranges = memory.ranges.map(({ address, length }) => ({
    address,
    length,
    idstr: IDSTR,
    offset: address,
  }));
  const { name, architecture } = memory;
  const image = { name, machine: undefined, architecture, blocks: [block] };
  return { image, ranges };
}

/**
 * Yields the pages in [from, to) that the ranges touch, in runs that do not
 * overlap.
 */
function* pagesOf(
  memory: AddressSpace,
  from: number,
  to: number,
): Generator<PageRun> {
  let last = from;
  for (
    const { address, length, position } of memory.rangesBetween(
      from * PAGE,
      to * PAGE,
    )
  ) {
    if (position === undefined) continue;
    const first = Math.max(last, Math.floor(address / PAGE));
    const end = Math.min(to, Math.ceil((address + length) / PAGE));
    if (first < end) yield { first, end };
    last = Math.max(last, end);
  }
}
