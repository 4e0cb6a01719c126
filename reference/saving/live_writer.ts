import type { PageBitmap } from "../../format/bitmap/mod.ts";
import { PageBuffer, sharedBitmap, sharedWords } from "../pages/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import { type BackingFile, backingOf } from "../sources/mod.ts";
import { CHUNK, Pace, type ProgressReport } from "../work/mod.ts";
import type { LanePool } from "../lanes/mod.ts";
import {
  chunkLengthOf,
  chunksOf,
  CONTROL,
  copyPool,
  type LaneInput,
  laneInput,
  type LanePart,
  type LaneTask,
  laneTask,
} from "../workers/mod.ts";
import { saveChunk } from "./save_blocks.ts";
import type { RAMBlockInput, SaveOptions } from "./save_options.ts";
import type { SnapshotWriter } from "./snapshot_writer.ts";

/** A block that other threads can read, and the file to write it to. */
interface SharedInput {
  readonly input: LaneInput;
  readonly to: BackingFile;
}

/**
 * Saves chosen pages, round after round: on several threads if they can access
 * the RAM and the file, else on the calling thread.
 */
export class LiveWriter implements Disposable {
  /** Size of a page in bytes. */
  readonly pageSize: number;
  readonly #writer: SnapshotWriter;
  readonly #blocks: readonly RAMBlockInput[];
  readonly #shared: readonly (SharedInput | undefined)[];
  readonly #options: SaveOptions;
  readonly #pool: LanePool<LaneTask> | undefined;
  readonly #buffer: PageBuffer;

  private constructor(
    writer: SnapshotWriter,
    blocks: readonly RAMBlockInput[],
    shared: readonly (SharedInput | undefined)[],
    options: SaveOptions,
  ) {
    this.#writer = writer;
    this.#blocks = blocks;
    this.#shared = shared;
    this.#options = options;
    this.pageSize = writer.blocks[0]?.pageSize ?? 4096;
    const { jobs = 1 } = options;
    const useful = jobs > 1 && shared.some((it) => it !== undefined);
    this.#pool = useful ? copyPool(jobs) : undefined;
    this.#buffer = new PageBuffer(Math.max(CHUNK, this.pageSize));
  }

  /** Starts the threads if they are of use. */
  static async start(
    writer: SnapshotWriter,
    blocks: readonly RAMBlockInput[],
    options: SaveOptions & { readonly sink: ByteSink },
  ): Promise<LiveWriter> {
    const to = backingOf(options.sink);
    const shared: (SharedInput | undefined)[] = [];
    for (const { source } of blocks) {
      const input = await laneInput(source, options);
      const both = to?.kind === "file" && input !== undefined;
      shared.push(both ? { input, to } : undefined);
    }
    return new LiveWriter(writer, blocks, shared, options);
  }

  /** Saves the wanted pages of each block; returns how many there were. */
  async saveRound(
    wanted: readonly PageBitmap[],
    report: ProgressReport,
  ): Promise<number> {
    const inLanes = this.#pool === undefined
      ? []
      : this.#shared.flatMap((it, index) => it === undefined ? [] : index);
    if (this.#pool !== undefined) {
      await this.#saveByLanes(this.#pool, wanted, inLanes, report);
    }
    for (let index = 0; index < this.#blocks.length; index++) {
      if (!inLanes.includes(index)) {
        await this.#saveHere(index, wanted[index], report);
      }
    }
    return wanted.reduce((sum, bitmap) => sum + bitmap.count(), 0);
  }

  async #saveByLanes(
    pool: LanePool<LaneTask>,
    wanted: readonly PageBitmap[],
    indexes: readonly number[],
    report: ProgressReport,
  ): Promise<void> {
    const { pageSize } = this;
    const { directIo = false, signal } = this.#options;
    const chunkLength = chunkLengthOf(pageSize, directIo);
    const parts: LanePart[] = [];
    for (const index of indexes) {
      const shared = this.#shared[index];
      if (shared === undefined) continue;
      const writer = this.#writer.block(this.#blocks[index].idstr);
      const block = {
        ...shared.input,
        // Pages past the end of the source are always zero, so no chunk covers
        // them.
        wanted: sharedCopy(wanted[index]),
        usedLength: writer.usedLength,
        to: shared.to,
        toOffset: writer.pagesOffset,
        present: sharedWords(await writer.bitmap()),
      };
      const chunks = chunksOf(block, {
        chunkLength,
        pageSize,
        dataRanges: undefined,
      });
      parts.push({ block, chunks });
    }
    const task = laneTask(parts, { pageSize, chunkLength, directIo });
    if (task.chunks.length === 0) return;
    await pool.run(task, {
      signal,
      onPoll() {
        const zeroPages = Atomics.load(task.control, CONTROL.zeroPages);
        const written = Atomics.load(task.control, CONTROL.writtenPages);
        report.done = (zeroPages + written) * pageSize;
        report.zero = zeroPages * pageSize;
        report.tell();
      },
    });
  }

  async #saveHere(
    index: number,
    wanted: PageBitmap,
    report: ProgressReport,
  ): Promise<void> {
    const { idstr, source } = this.#blocks[index];
    const block = this.#writer.block(idstr);
    const { pageSize } = block;
    const pace = new Pace(this.#options.signal);
    const maxPages = this.#buffer.bytes.length / pageSize;
    report.idstr = idstr;
    for (const run of wanted.runs()) {
      for (let first = run.first; first < run.end; first += maxPages) {
        const count = Math.min(maxPages, run.end - first);
        const part = {
          buffer: this.#buffer,
          offset: first * pageSize,
          length: count * pageSize,
        };
        const stored = await saveChunk(block, source, part, this.#options);
        report.advance(count * pageSize, (count - stored) * pageSize);
        report.tell();
        await pace.step();
      }
    }
  }

  /** Ends the threads. */
  [Symbol.dispose](): void {
    this.#pool?.[Symbol.dispose]();
  }
}

function sharedCopy({ pageCount, bytes }: PageBitmap): Uint8Array {
  const copy = sharedBitmap(pageCount);
  copy.bytes.set(bytes.subarray(0, copy.bytes.length));
  return copy.bytes;
}
