import { DEFAULT_BITMAP_ORDER, pageCountOf } from "../../format/bitmap/mod.ts";
import type { RamLayout } from "../../format/ram/mod.ts";
import {
  encodeEos,
  type PlannedBlock,
  planSnapshot,
} from "../../format/snapshot/mod.ts";
import { sharedBitmap } from "../pages/mod.ts";
import { findBlock, type Snapshot } from "../reading/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import { leftoverOf, type ReadOptions, SourceError } from "../sources/mod.ts";
import { RAMBlockWriter } from "./ram_block_writer.ts";
import { copiedFrame, newFrame, type StreamFrame } from "./stream_frame.ts";

const EOS = encodeEos();

/** Options of `createSnapshot`: everything in the file except the RAM. */
export interface CreateOptions {
  /** QEMU's name of the machine type. Default: `"none"`. */
  readonly machine?: string | undefined;
  /** Size of a page in bytes, the target page size. Default: 4096. */
  readonly pageSize?: number | undefined;
  /**
   * log2 of the page size, written for targets that need it (ARM, where 12 to
   * 16 are possible). Default: not written, as on x86.
   */
  readonly targetPageBits?: number | undefined;
  /**
   * An open snapshot whose machine, configuration and device state are copied
   * unchanged. `machine`, `pageSize` and `targetPageBits` are then ignored.
   */
  readonly deviceStateFrom?: Snapshot | undefined;
  /**
   * Layout of the RAM: `mapped-ram`, or one of the two former layouts named
   * `fixed-ram`, which QEMU 9.0 and later do not load. Default: `mapped-ram`.
   */
  readonly layout?: RamLayout | undefined;
}

/** A new snapshot that is being written. */
export class SnapshotWriter {
  /** A writer for each RAMBlock. */
  readonly blocks: readonly RAMBlockWriter[];
  /** Final size of the file in bytes. */
  readonly byteLength: number;
  readonly #sink: ByteSink;
  readonly #frame: StreamFrame;
  readonly #eosOffset: number;

  /** Use {@linkcode createSnapshot} instead. */
  constructor(
    sink: ByteSink,
    { blocks, frame, eosOffset }: {
      readonly blocks: readonly RAMBlockWriter[];
      readonly frame: StreamFrame;
      readonly eosOffset: number;
    },
  ) {
    this.#sink = sink;
    this.blocks = blocks;
    this.#frame = frame;
    this.#eosOffset = eosOffset;
    this.byteLength = eosOffset + EOS.length + frame.tailLength;
  }

  /**
   * Returns the writer of a RAMBlock.
   *
   * @throws {RangeError} if there is no such RAMBlock
   */
  block(idstr: string): RAMBlockWriter {
    return findBlock(this.blocks, { idstr, name: this.#sink.name });
  }

  /**
   * Writes the bitmaps and the rest of the stream, then, after a flush, the EOS
   * word that ends the list of RAMBlocks, and commits the sink. Without that
   * word readers refuse the file as unfinished (`ram-setup-end`).
   */
  async finish(options: ReadOptions = {}): Promise<void> {
    const leftover = leftoverOf(this.#sink) === undefined
      ? undefined
      : await import("./leftover_bytes.ts");
    for (const block of this.blocks) {
      await leftover?.clearMissingPages(this.#sink, block, options);
      await block.writeBitmap(DEFAULT_BITMAP_ORDER);
    }
    await this.#frame.writeTail(this.#sink, this.#eosOffset + EOS.length);
    await this.#sink.flush();
    await this.#sink.write(EOS, this.#eosOffset);
    await this.#sink.commit();
  }

  /** Aborts the snapshot; the sink keeps nothing. */
  async abort(): Promise<void> {
    await this.#sink.abort();
  }
}

/**
 * Starts a snapshot of these RAMBlocks and writes its headers. Then write pages
 * in any order with {@linkcode RAMBlockWriter.writePage}, and call
 * {@linkcode SnapshotWriter.finish}. A page never written is a zero page. The
 * size of the file is fixed from the start, however often pages are rewritten.
 *
 * @throws {RangeError} if a name, a length or the page size is invalid
 *
 * @example
 * ```ts
 * import { createSnapshot, memorySink } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const sink = memorySink();
 * const writer = await createSnapshot(sink, [{
 *   idstr: "ram",
 *   usedLength: 0x10000,
 * }]);
 * const page = new Uint8Array(4096).fill(0xaa);
 * await writer.block("ram").writePage(3, page);
 * await writer.block("ram").writePage(3, page.fill(0)); // now a zero page
 * assert.equal(await writer.block("ram").presentCount(), 0);
 * await writer.finish();
 * assert.equal(sink.bytes().length, writer.byteLength);
 * ```
 */
export async function createSnapshot(
  sink: ByteSink,
  blocks: readonly PlannedBlock[],
  options: CreateOptions = {},
): Promise<SnapshotWriter> {
  const { deviceStateFrom, machine = "none", pageSize = 4096 } = options;
  const { layout, targetPageBits } = options;
  const frame = deviceStateFrom === undefined
    ? newFrame({ machine, pageSize, targetPageBits, layout })
    : await copiedFrame(deviceStateFrom, layout);
  return await createWithFrame(sink, blocks, frame);
}

/** Starts a snapshot within an existing frame. */
export async function createWithFrame(
  sink: ByteSink,
  blocks: readonly PlannedBlock[],
  frame: StreamFrame,
): Promise<SnapshotWriter> {
  const plan = planSnapshot(frame.head, blocks, frame);
  const writers = plan.blocks.map((block) => {
    const pageCount = pageCountOf(block.usedLength, block.pageSize);
    const empty = Promise.resolve(sharedBitmap(pageCount));
    return new RAMBlockWriter(block, sink, { loadBitmap: () => empty });
  });
  const writer = new SnapshotWriter(sink, {
    blocks: writers,
    frame,
    eosOffset: plan.eosOffset,
  });
  const resumed = isResumed(sink, writer.byteLength);
  await sink.setLength(writer.byteLength);
  if (resumed) {
    // The file may be complete except for its name. Mark it as unfinished
    // before the first page is overwritten.
    await sink.write(new Uint8Array(EOS.length), plan.eosOffset);
    await sink.flush();
    const { clearBetweenPages } = await import("./leftover_bytes.ts");
    await clearBetweenPages(sink, plan.blocks, writer.byteLength);
  }
  for (const { bytes, offset } of plan.pieces) await sink.write(bytes, offset);
  return writer;
}

/**
 * Whether the sink resumes an unfinished file.
 *
 * @throws {SourceError} if the file has another size than the new snapshot
 */
function isResumed(sink: ByteSink, byteLength: number): boolean {
  const { leftoverLength = 0 } = leftoverOf(sink) ?? {};
  if (leftoverLength === 0) return false;
  if (leftoverLength === byteLength) return true;
  throw new SourceError(
    sink.name,
    `Cannot resume ${JSON.stringify(sink.name)}: its unfinished file has ` +
      `${leftoverLength} bytes, expected ${byteLength}; it belongs to ` +
      "another save",
  );
}
