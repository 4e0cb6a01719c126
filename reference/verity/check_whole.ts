import type { ByteRange } from "../../format/bytes/mod.ts";
import { type ReadOptions, readRanges } from "../sources/mod.ts";
import { inLanes, Pace, type Progress, ProgressReport } from "../work/mod.ts";
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
