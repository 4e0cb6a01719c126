import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";
import {
  type TreeGeometry,
  type TreeLevel,
  VERITY_BLOCK,
} from "../../format/verity/mod.ts";
import {
  type ByteSource,
  type ReadOptions,
  readRanges,
} from "../sources/mod.ts";
import { inLanes, Pace, type Progress, ProgressReport } from "../work/mod.ts";
import { dataUnits, UNIT } from "../hashing/mod.ts";
import {
  openChecking,
  type VerifiedSourceOptions,
} from "./open_verified_source.ts";
import type { VerifiedSource } from "./verified_source.ts";

/** Bytes of a request. */
const PART = 0x1000000;

/** Options of {@linkcode checkWhole}. */
export interface CheckWholeOptions extends ReadOptions {
  /** Called with the bytes of the file that were checked. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * Reads all of a verified source, and so checks each of its blocks.
 *
 * @throws {IntegrityError} if one is wrong
 * @throws {SourceError} if it cannot be read
 */
export async function checkWhole(
  source: VerifiedSource,
  { signal, onProgress }: CheckWholeOptions = {},
): Promise<void> {
  const { byteLength, parallelReads = 1 } = source;
  const report = new ProgressReport(byteLength, onProgress);
  const pace = new Pace(signal);
  const lanes = Array.from({ length: parallelReads });
  await inLanes(lanes, parts(byteLength), async (part) => {
    await readRanges(source, [part], {
      signal,
      async take(bytes) {
        // A remote source may pass bytes again.
        report.done = Math.min(byteLength, report.done + bytes.length);
        report.tell();
        await pace.step();
      },
    });
  });
  source.checkUnchanged?.();
}

function* parts(byteLength: number): Generator<ByteRange> {
  for (let offset = 0; offset < byteLength; offset += PART) {
    yield { offset, length: Math.min(PART, byteLength - offset) };
  }
}

/** Options of {@linkcode checkSidecar}. */
export interface CheckSidecarOptions
  extends VerifiedSourceOptions, ReadOptions {
  /** The parts of the file that may hold data, in order. Default: all of it. */
  readonly dataRanges?: Iterable<ByteRange> | undefined;
  /** The parts of the sidecar that are no holes, in order. Default: all of it. */
  readonly treeRanges?: readonly ByteRange[] | undefined;
}

/**
 * Checks all of a sidecar, without reading the file. Holes of both, where it is
 * right, are left out.
 *
 * @throws as `verifiedSource` rejects; {IntegrityError} also if a block of
 * hashes is wrong
 */
export async function checkSidecar(
  source: ByteSource,
  { dataRanges, treeRanges, ...options }: CheckSidecarOptions,
): Promise<void> {
  const { signal } = options;
  const checking = await openChecking(source, options);
  const { geometry } = checking;
  const { dataLength, sidecarLength, blockCount, levels } = geometry;
  const units = new Set<number>();
  const add = (ranges: Iterable<ByteRange>) => {
    for (const { unit } of dataUnits(geometry, ranges)) units.add(unit);
  };
  add(dataRanges ?? [{ offset: 0, length: dataLength }]);
  const stored = treeRanges ?? [{ offset: 0, length: sidecarLength }];
  for (const level of levels) add(firstBelow(geometry, level, stored));
  const pace = new Pace(signal);
  for (const unit of units) {
    const first = unit * (UNIT / VERITY_BLOCK);
    const end = Math.min(blockCount, first + UNIT / VERITY_BLOCK);
    await checking.checkHashes({ first, end }, { signal });
    await pace.step();
  }
}

/** Yields the first byte of the file below each stored block of a level. */
function* firstBelow(
  geometry: TreeGeometry,
  level: TreeLevel,
  stored: readonly ByteRange[],
): Generator<ByteRange> {
  const { blockCount, offset: start } = level;
  let next = 0;
  for (const range of stored) {
    const first = Math.floor((range.offset - start) / VERITY_BLOCK);
    const last = Math.ceil((rangeEnd(range) - start) / VERITY_BLOCK);
    next = Math.max(next, first);
    for (; next < Math.min(last, blockCount); next++) {
      yield { ...geometry.below(level, next), length: 1 };
    }
  }
}
