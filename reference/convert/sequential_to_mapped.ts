import { rangeEnd } from "../../format/bytes/mod.ts";
import { UnsupportedError } from "../../format/rules/mod.ts";
import {
  ForwardReader,
  walkSequentialStream,
} from "../../format/sequential/mod.ts";
import { MappedRamRecorder, recordedSummary } from "../recording/mod.ts";
import type { SaveSummary } from "../saving/mod.ts";
import {
  driveForward,
  forwardReads,
  sequentialOptions,
  type SequentialReadOptions,
  vmdescAfter,
} from "../sequential/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import type { ByteSource } from "../sources/mod.ts";
import { Pace, type Progress } from "../work/mod.ts";

/** Options of converting a sequential stream. */
export interface SequentialToMappedOptions extends SequentialReadOptions {
  /**
   * Whether to accept a stream without a vmdesc, as a machine with
   * `suppress-vmdesc` sends; a complete stream then looks like a
   * truncated one. Default: false.
   */
  readonly withoutVmdesc?: boolean | undefined;
  /** Called from time to time with the bytes of the stream read. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Bytes of device state that are copied at a time. */
const PART_LENGTH = 0x100000;

/**
 * Converts a sequential migration stream to a mapped-ram file, in one pass and
 * in bounded memory, and commits the sink. A failure aborts it.
 *
 * @throws {FormatError} if the stream breaks a rule
 * @throws {UnsupportedError} if it needs another reader
 * @throws {SourceError} if it cannot be read, or the sink cannot be written
 *
 * @example
 * ```ts
 * import { createFileSink, openFileSource } from "../../mod.ts";
 * import { convertSequential } from "../doors/convert.ts";
 *
 * async function convert(stream: string, out: string): Promise<void> {
 *   using source = openFileSource(stream);
 *   await convertSequential(source, createFileSink(out));
 * }
 * ```
 */
export async function convertSequential(
  source: ByteSource,
  sink: ByteSink,
  options: SequentialToMappedOptions = {},
): Promise<SaveSummary> {
  const { offset = 0, signal, onProgress } = options;
  try {
    using recorder = new MappedRamRecorder(sink, source.name);
    const found = await sequentialOptions(source, options);
    const { vmdesc: _, ...walkOptions } = found;
    const total = source.byteLength - offset;
    const reader = new ForwardReader(source, offset);
    const pace = new Pace(signal);
    const walk = walkSequentialStream(reader, recorder, {
      ...walkOptions,
      ramOnly: true,
    });
    const { ramEnd } = await driveForward(walk, {
      ...forwardReads(source, options),
      async settle(): Promise<void> {
        await recorder.settle();
        const done = reader.offset - offset;
        onProgress?.({ idstr: "", done, total });
        await pace.step();
      },
    });
    const vmdesc = vmdescAfter(ramEnd, found.vmdesc);
    if (vmdesc === undefined && !options.withoutVmdesc) {
      throw new UnsupportedError(source.name, {
        rule: "section-known",
        feature: "converting a stream without a vmdesc",
        offset: ramEnd,
        found: "no vmdesc after the RAM: the stream may have been cut off",
        expected: "one",
      });
    }
    const end = vmdesc === undefined
      ? source.byteLength
      : rangeEnd(vmdesc.range);
    for (let at = ramEnd; at < end; at += PART_LENGTH) {
      const part = new Uint8Array(Math.min(PART_LENGTH, end - at));
      await source.readInto(part, at, options);
      recorder.state(part);
      await recorder.settle();
    }
    onProgress?.({ idstr: "", done: total, total });
    source.checkUnchanged?.();
    await recorder.finish();
    const summary = await recordedSummary(recorder);
    await sink.commit();
    return summary;
  } catch (error) {
    await sink.abort().catch(() => {});
    throw error;
  }
}
