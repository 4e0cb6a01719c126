import { PageBitmap } from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";
import {
  HASHES_PER_BLOCK,
  type TreeGeometry,
  VERITY_BLOCK,
} from "../../format/verity/mod.ts";
import { CHUNK } from "../work/mod.ts";

/** Levels of the tree inside a unit. */
export const UNIT_LEVELS = 2;
/** Data blocks of a unit: those below one block of level 2. */
const UNIT_BLOCKS = HASHES_PER_BLOCK ** UNIT_LEVELS;
/** Bytes of data of a unit, which are hashed independently of others. */
export const UNIT = UNIT_BLOCKS * VERITY_BLOCK;
/** Chunks of a unit, each of which is read if it may hold data. */
export const UNIT_CHUNKS = UNIT / CHUNK;

/** A unit that may hold data, or that the file ends in. */
export interface DataUnit {
  /** Its number: it starts at this many times {@linkcode UNIT}. */
  readonly unit: number;
  /** The chunks that may hold data; the others are zero. */
  readonly wanted: PageBitmap;
}

/** Returns the number of units of a file. */
export function unitCount({ blockCount }: TreeGeometry): number {
  return Math.ceil(blockCount / UNIT_BLOCKS);
}

/**
 * Yields, in order, the units that ranges touch, and the last one if it is not
 * full: all others have the constant hash. Parts past the end are ignored.
 *
 * @throws {RangeError} if the ranges are not in order
 */
export function* dataUnits(
  geometry: TreeGeometry,
  ranges: Iterable<ByteRange>,
): Generator<DataUnit> {
  const { dataLength, blockCount } = geometry;
  let current: DataUnit | undefined;
  for (const { offset, length } of ranges) {
    const end = Math.min(offset + length, dataLength);
    for (let at = offset; at < end;) {
      const unit = Math.floor(at / UNIT);
      if (current !== undefined && unit < current.unit) {
        throw new RangeError(
          `Cannot use the data range at ${offset}: expected ranges in order`,
        );
      }
      if (unit !== current?.unit) {
        if (current !== undefined) yield current;
        current = { unit, wanted: new PageBitmap(UNIT_CHUNKS) };
      }
      const until = Math.min(end, (unit + 1) * UNIT);
      const last = Math.ceil((until - unit * UNIT) / CHUNK);
      for (let it = Math.floor((at - unit * UNIT) / CHUNK); it < last; it++) {
        current.wanted.set(it);
      }
      at = until;
    }
  }
  if (current !== undefined) yield current;
  const last = unitCount(geometry) - 1;
  const isFull = blockCount % UNIT_BLOCKS === 0;
  if (!isFull && current?.unit !== last) {
    yield { unit: last, wanted: new PageBitmap(UNIT_CHUNKS) };
  }
}

/** Yields the parts of a file to read for a unit, of whole chunks each. */
export function* partsOf(
  { unit, wanted }: DataUnit,
  { dataLength, longest }: {
    readonly dataLength: number;
    /** Maximum bytes of a part. */
    readonly longest: number;
  },
): Generator<ByteRange> {
  for (const run of wanted.runs()) {
    const end = Math.min(dataLength, unit * UNIT + run.end * CHUNK);
    let offset = unit * UNIT + run.first * CHUNK;
    for (; offset < end; offset += longest) {
      yield { offset, length: Math.min(longest, end - offset) };
    }
  }
}

/** Returns the bytes to read for a unit. */
export function unitWork(
  { unit, wanted }: DataUnit,
  dataLength: number,
): number {
  const work = wanted.count() * CHUNK;
  const last = Math.ceil((dataLength - unit * UNIT) / CHUNK) - 1;
  const isCut = last < UNIT_CHUNKS && wanted.isSet(last);
  return isCut ? work - (unit * UNIT + (last + 1) * CHUNK - dataLength) : work;
}
