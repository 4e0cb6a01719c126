import {
  type BitmapOrder,
  type PageBitmap,
  toLsb0,
} from "../../format/bitmap/mod.ts";
import { rangeEnd } from "../../format/bytes/mod.ts";
import { FormatError } from "../../format/rules/mod.ts";
import { indexUnfinished } from "../../format/snapshot/mod.ts";
import {
  QEMU_VM_SECTION_END,
  type StreamItem,
} from "../../format/stream/mod.ts";
import {
  indexOptionsOf,
  makeSnapshot,
  type OpenOptions,
  type Snapshot,
} from "../reading/mod.ts";
import type { ByteSink, ByteStore } from "../sinks/mod.ts";
import {
  createWithFrame,
  endedFrame,
  loadBitmap,
  type RAMBlockInput,
  saveBlocks,
  type SaveSummary,
  summaryOf,
} from "../saving/mod.ts";
import {
  type ByteSource,
  drive,
  type ReadOptions,
  sliceSource,
} from "../sources/mod.ts";
import { type Progress, ProgressReport } from "../work/mod.ts";
import { rebuildBitmap } from "./rebuild_bitmap.ts";

/** Options of `repairSnapshot` and `saveRepaired`. */
export interface RepairOptions extends OpenOptions, ReadOptions {
  /** Called from time to time with the progress. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** The result of a repair. */
export interface RepairSummary {
  /** Each RAMBlock with the number of its pages that the file holds. */
  readonly blocks: SaveSummary["blocks"];
}

type RepairedBlock = RepairSummary["blocks"][number];

/**
 * Repairs in place a file that QEMU saved with the capability
 * `background-snapshot`: it contains the pages, but every bit is clear and the
 * RAM section has no END. The bitmaps are rebuilt from the pages that are not
 * zero; then, after a flush, one byte turns the last PART into the END. Until
 * then readers refuse the file as before, and the repair can be started again.
 *
 * @throws {RangeError} if the RAM section has an END
 * @throws {FormatError} if it is not such a file, but for example a save that
 *   was interrupted
 *
 * @example
 * ```ts
 * import { openFileStore } from "../../mod.ts";
 * import { repairSnapshot } from "../doors/convert.ts";
 *
 * async function repair(path: string): Promise<void> {
 *   using store = openFileStore(path);
 *   const { blocks } = await repairSnapshot(store);
 *   for (const { idstr, presentCount } of blocks) {
 *     console.log(`${idstr}: ${presentCount} pages`);
 *   }
 * }
 * ```
 */
export async function repairSnapshot(
  store: ByteStore,
  options: RepairOptions = {},
): Promise<RepairSummary> {
  const { snapshot, lastPart, order } = await openBroken(store, options);
  const report = reportOn(snapshot, options);
  const blocks: RepairedBlock[] = [];
  const bitmaps: { readonly offset: number; readonly words: Uint8Array }[] = [];
  for (const block of snapshot.blocks) {
    if (block.ignored) continue;
    const { idstr, pageCount, pageSize, bitmapOffset } = block;
    const before = report.done;
    report.idstr = idstr;
    const rebuilt = await rebuildBitmap(store, block, {
      signal: options.signal,
      onChunk(done) {
        report.done = before + done;
        report.tell();
      },
    });
    const stored = await loadBitmap(store, block, order);
    checkStored(store, stored, rebuilt, { idstr, pageSize, bitmapOffset });
    const words = new Uint8Array(stored.bytes.length);
    words.set(rebuilt.bytes.subarray(0, words.length));
    toLsb0(words, order); // This function is its own inverse.
    bitmaps.push({ offset: bitmapOffset, words });
    blocks.push({ idstr, pageCount, presentCount: rebuilt.count() });
  }
  // Nothing is written before all blocks have been checked.
  for (const { offset, words } of bitmaps) await store.write(words, offset);
  await store.flush();
  await store.write(
    Uint8Array.of(QEMU_VM_SECTION_END),
    lastPart.range.offset,
  );
  await store.flush();
  return { blocks };
}

/**
 * Repairs a file as {@linkcode repairSnapshot} does, but into a new file, and
 * leaves the broken one unchanged.
 *
 * @example
 * ```ts
 * import { createFileSink, openFileSource } from "../../mod.ts";
 * import { saveRepaired } from "../doors/convert.ts";
 *
 * async function repair(from: string, to: string): Promise<void> {
 *   using source = openFileSource(from);
 *   await saveRepaired(createFileSink(to), source);
 * }
 * ```
 */
export async function saveRepaired(
  sink: ByteSink,
  source: ByteSource,
  options: RepairOptions = {},
): Promise<RepairSummary> {
  try {
    const { snapshot, lastPart } = await openBroken(source, options);
    const frame = await endedFrame(snapshot, rangeEnd(lastPart.range));
    const inputs: RAMBlockInput[] = snapshot.blocks
      .map(({ idstr, usedLength, pagesOffset }) => ({
        idstr,
        usedLength,
        source: sliceSource(source, {
          offset: pagesOffset,
          length: usedLength,
        }),
      }));
    const writer = await createWithFrame(sink, snapshot.blocks, frame);
    const { signal } = options;
    const report = reportOn(snapshot, options);
    await saveBlocks(writer, inputs, { signal, report, sink });
    source.checkUnchanged?.();
    await writer.finish();
    return { blocks: await summaryOf(writer.blocks) };
  } catch (error) {
    await sink.abort().catch(() => {});
    throw error;
  }
}

/** A file that can be repaired. */
interface Broken {
  readonly snapshot: Snapshot;
  readonly lastPart: StreamItem;
  readonly order: BitmapOrder;
}

async function openBroken(
  source: ByteSource,
  options: OpenOptions & ReadOptions,
): Promise<Broken> {
  const { bitmapOrder: order, ...indexOptions } = indexOptionsOf(options);
  const walk = indexUnfinished(source, { ...indexOptions, bitmapOrder: order });
  const found = await drive(walk, source, options);
  if (found === undefined) {
    throw new RangeError(
      `Cannot repair ${JSON.stringify(source.name)}: ` +
        "its RAM section has an END, expected none",
    );
  }
  const { index, lastPart } = found;
  const snapshot = makeSnapshot(source, index, order);
  // A file that was cut and padded with zeros has an EOF item as well.
  const { vmdesc } = await snapshot.deviceState(options);
  if (vmdesc === undefined) {
    throw notRepairable(source, index.ramEnd, {
      found: "an EOF item without a vmdesc: the save was not finished",
      expected: "both, as in a background snapshot",
    });
  }
  if (lastPart === undefined || index.layout !== "mapped-ram") {
    throw notRepairable(source, index.ramEnd, {
      found: lastPart === undefined
        ? "a RAM section without any PART"
        : "the layout fixed-ram",
      expected: "a mapped-ram section with PARTs, as in a background snapshot",
    });
  }
  return { snapshot, lastPart, order };
}

/**
 * Checks that set bits belong to nonzero pages, as after an interrupted repair;
 * any other file with set bits is not a background snapshot.
 */
function checkStored(
  source: ByteSource,
  stored: PageBitmap,
  rebuilt: PageBitmap,
  block: {
    readonly idstr: string;
    readonly pageSize: number;
    readonly bitmapOffset: number;
  },
): void {
  for (let page = stored.nextSet(0); page < stored.pageCount;) {
    if (!rebuilt.isSet(page)) {
      throw notRepairable(source, block.bitmapOffset, {
        found: `the bit of page ${page} of "${block.idstr}" is set, but the ` +
          "page is all zero",
        expected: "clear bits, as in a background snapshot",
      });
    }
    page = stored.nextSet(page + 1);
  }
}

function notRepairable(
  source: ByteSource,
  offset: number,
  violation: { readonly found: string; readonly expected: string },
): FormatError {
  return new FormatError(source.name, {
    rule: "ram-end-present",
    offset,
    ...violation,
  });
}

function reportOn(
  { blocks }: Snapshot,
  { onProgress }: RepairOptions,
): ProgressReport {
  const total = blocks.reduce(
    (sum, it) => sum + (it.ignored ? 0 : it.usedLength),
    0,
  );
  return new ProgressReport(total, onProgress);
}
