import { hex } from "../../format/rules/mod.ts";
import {
  type ByteSource,
  type ReadOptions,
  SourceError,
} from "../sources/mod.ts";
import { CHUNK, Pace } from "../work/mod.ts";
import type { AddressSpace, PlacedRange } from "./address_space.ts";

/**
 * Refuses ranges that overlap in memory and differ there.
 *
 * @throws {SourceError} if any do, or if more overlaps than the file has bytes
 */
export async function checkOverlaps(
  source: ByteSource,
  ranges: readonly PlacedRange[],
  memory: AddressSpace,
  options?: ReadOptions,
): Promise<void> {
  const pace = new Pace(options?.signal);
  const sorted = ranges.toSorted((a, b) => a.address - b.address);
  let covered = 0;
  let before: PlacedRange | undefined;
  let compared = 0;
  for (const range of sorted) {
    const { address, length } = range;
    const shared = Math.min(length, covered - address);
    if (shared > 0 && !(before && isSame(before, range, shared))) {
      compared += shared;
      if (compared > source.byteLength) throw tooMany(source);
      const part = { ...range, length: shared };
      await compare(source, part, memory, { ...options, pace });
    }
    if (address + length > covered) {
      covered = address + length;
      before = range;
    }
  }
}

/**
 * Whether the first bytes of a range are at the same place in the file as those
 * of another range.
 */
function isSame(
  other: PlacedRange,
  range: PlacedRange,
  length: number,
): boolean {
  if (range.address + length > other.address + other.length) return false;
  return other.position === undefined || range.position === undefined
    ? other.position === range.position
    : other.position - other.address === range.position - range.address;
}

async function compare(
  source: ByteSource,
  { address, length, position }: PlacedRange,
  memory: AddressSpace,
  { pace, ...options }: ReadOptions & { readonly pace: Pace },
): Promise<void> {
  const chunk = Math.min(CHUNK, length);
  const bytes = new Uint8Array(chunk);
  const others = new Uint8Array(chunk);
  for (let done = 0; done < length; done += chunk) {
    const size = Math.min(chunk, length - done);
    const [a, b] = [bytes.subarray(0, size), others.subarray(0, size)];
    if (position !== undefined) {
      await source.readInto(a, position + done, options);
    }
    await memory.readInto(b, address + done, options);
    await pace.step();
    const index = a.findIndex((byte, at) => byte !== b[at]);
    if (index < 0) continue;
    throw new SourceError(
      source.name,
      `Cannot read ${JSON.stringify(source.name)}: two of its ranges claim ` +
        `address ${hex(address + done + index)} and differ there, expected ` +
        "the same bytes",
    );
  }
}

function tooMany(source: ByteSource): SourceError {
  return new SourceError(
    source.name,
    `Cannot read ${JSON.stringify(source.name)}: its ranges overlap in more ` +
      "bytes than it has, expected ranges that do not overlap",
  );
}
