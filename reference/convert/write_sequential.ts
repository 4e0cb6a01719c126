import {
  type ByteRange,
  ByteWriter,
  rangeEnd,
} from "../../format/bytes/mod.ts";
import { RamRecordWriter } from "../../format/sequential/mod.ts";
import type { SnapshotIndex } from "../../format/snapshot/mod.ts";
import {
  QEMU_VM_SECTION_START,
  RAM_SAVE_FLAG_EOS,
  RAM_SAVE_FLAG_MEM_SIZE,
  writeConfiguration,
  writeSectionHead,
  writeStreamHeader,
} from "../../format/stream/mod.ts";
import type { RAMBlock, Snapshot } from "../reading/mod.ts";
import { refuseIgnored } from "../saving/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import { CHUNK, Pace, type Progress } from "../work/mod.ts";
import { copyProgress } from "./copy_progress.ts";

/** Options of writing a sequential stream. */
export interface WriteSequentialOptions extends ReadOptions {
  /** Called from time to time with the progress. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Bytes of pages in one PART of the RAM section; fewer than QEMU's. */
const PART_LENGTH = 0x100000;
/** Maximum zero pages in one PART, 9 bytes each. */
const ZERO_PAGES = 4096;

/**
 * Writes a snapshot as a sequential migration stream, as QEMU sends it over a
 * socket: for a QEMU before 9.0, or one that reads from a pipe. Device state is
 * copied. Commits the sink; a failure aborts it.
 *
 * @throws {SourceError} if the snapshot cannot be read or the sink cannot be
 * written
 *
 * @example
 * ```ts
 * import {
 *   createFileSink,
 *   openFileSource,
 *   openSnapshot,
 * } from "../../mod.ts";
 * import { writeSequential } from "../doors/convert.ts";
 *
 * async function toStream(path: string, out: string): Promise<void> {
 *   using source = openFileSource(path);
 *   await writeSequential(await openSnapshot(source), createFileSink(out));
 * }
 * ```
 */
export async function writeSequential(
  snapshot: Snapshot,
  sink: ByteSink,
  options: WriteSequentialOptions = {},
): Promise<void> {
  try {
    const { index, source } = snapshot;
    checkConvertible(snapshot);
    let position = 0;
    const write = async (bytes: Uint8Array): Promise<void> => {
      await sink.write(bytes, position);
      position += bytes.length;
    };
    const copy = async (from: number, end: number): Promise<void> => {
      const buffer = new Uint8Array(Math.min(CHUNK, Math.max(0, end - from)));
      for (let at = from; at < end; at += buffer.length) {
        const part = buffer.subarray(0, Math.min(buffer.length, end - at));
        await source.readInto(part, at, options);
        await write(part);
      }
    };
    // Pages go after everything before the END, such as early devices.
    const ramEndStart = index.ramEnd - RAM_END_LENGTH;
    await write(encodeHead(snapshot));
    for (const { offset, length } of rangesBeforeRam(index)) {
      await copy(offset, offset + length);
    }
    await write(encodeStart(snapshot));
    await copy(rangeEnd(index.ramSetup), ramEndStart);
    const report = await copyProgress(
      snapshot.blocks.map((block) => ({
        block,
        offset: 0,
        length: block.usedLength,
      })),
      options,
    );
    const pace = new Pace(options.signal);
    for (const block of snapshot.blocks) {
      report.idstr = block.idstr;
      const records = recordsOf(block, index.ramSection.sectionId, options);
      for await (const { bytes, read } of records) {
        await write(bytes);
        report.advance(read, 0);
        report.tell();
        await pace.step();
      }
    }
    await copy(ramEndStart, (await snapshot.deviceState(options)).end);
    source.checkUnchanged?.();
    await sink.commit();
  } catch (error) {
    await sink.abort().catch(() => {});
    throw error;
  }
}

/** Bytes of an END of mapped-ram: type, section_id, EOS, footer. */
const RAM_END_LENGTH = 1 + 4 + 8 + 1 + 4;

function checkConvertible(snapshot: Snapshot): void {
  refuseIgnored(snapshot, "convert");
  const { layout } = snapshot.index;
  if (layout === "mapped-ram") return;
  throw new RangeError(
    `Cannot convert ${JSON.stringify(snapshot.source.name)} to a sequential ` +
      `stream: it is ${layout}; convert it to mapped-ram first`,
  );
}

function encodeHead({ index }: Snapshot): Uint8Array {
  const writer = new ByteWriter();
  writeStreamHeader(writer);
  writeConfiguration(writer, { ...index.configuration, capabilities: [] });
  return writer.finish();
}

/** Returns the sections before RAM's START, in order. */
function rangesBeforeRam(index: SnapshotIndex): ByteRange[] {
  const { earlySections, earlyDirtyBitmaps, earlyParts, ramSetup } = index;
  return [...earlySections, ...earlyDirtyBitmaps, ...earlyParts]
    .map(({ range }) => range)
    .filter(({ offset }) => offset < ramSetup.offset)
    .toSorted((a, b) => a.offset - b.offset);
}

/** Returns RAM's START up to and including the EOS of the list of RAMBlocks. */
function encodeStart({ index }: Snapshot): Uint8Array {
  const { ramSection, blocks } = index;
  const total = blocks.reduce((sum, { usedLength }) => sum + usedLength, 0);
  const writer = new ByteWriter();
  writeSectionHead(writer, { ...ramSection, type: QEMU_VM_SECTION_START });
  writer.be64(total + RAM_SAVE_FLAG_MEM_SIZE);
  for (const { idstr, usedLength } of blocks) {
    writer.countedString(idstr).be64(usedLength);
  }
  return writer.be64(RAM_SAVE_FLAG_EOS).finish();
}

/**
 * Yields the pages of a block in PARTs: bytes for stored pages, zero records
 * for the others.
 */
async function* recordsOf(
  block: RAMBlock,
  sectionId: number,
  options: ReadOptions,
): AsyncGenerator<{ readonly bytes: Uint8Array; readonly read: number }> {
  const { idstr, pageSize, pageCount } = block;
  const partPages = Math.ceil(PART_LENGTH / pageSize);
  const writer = new RamRecordWriter(partPages, pageSize);
  const zeroWriter = new RamRecordWriter(ZERO_PAGES, 1);
  const pages = new Uint8Array(partPages * pageSize);
  let zerosFrom = 0;
  for await (const run of block.presentRuns(options)) {
    yield* zeros(zerosFrom, run.first);
    for (let first = run.first; first < run.end; first += partPages) {
      const count = Math.min(partPages, run.end - first);
      const bytes = pages.subarray(0, count * pageSize);
      await block.readInto(bytes, first * pageSize, options);
      writer.start(sectionId);
      for (let page = 0; page < count; page++) {
        const start = page * pageSize;
        writer.page(idstr, (first + page) * pageSize)
          .set(bytes.subarray(start, start + pageSize));
      }
      yield { bytes: writer.finish(sectionId), read: count * pageSize };
    }
    zerosFrom = run.end;
  }
  yield* zeros(zerosFrom, pageCount);

  function* zeros(
    from: number,
    end: number,
  ): Generator<{ readonly bytes: Uint8Array; readonly read: number }> {
    for (let first = from; first < end; first += ZERO_PAGES) {
      const count = Math.min(ZERO_PAGES, end - first);
      zeroWriter.start(sectionId);
      for (let page = first; page < first + count; page++) {
        zeroWriter.zero(idstr, page * pageSize);
      }
      yield { bytes: zeroWriter.finish(sectionId), read: 0 };
    }
  }
}
