import { PageBitmap, type PageRun } from "../../format/bitmap/mod.ts";
import { BackingFiles, takenItems } from "../lanes/mod.ts";
import {
  differentPages,
  PageBuffer,
  setBits,
  storePages,
} from "../pages/mod.ts";
import {
  CONTROL,
  type ExistingPages,
  type LaneBlock,
  type LaneTask,
} from "./lane_task.ts";

/**
 * Copies chunks until none are left. Each chunk has its own place in the file,
 * so lanes never wait for each other.
 */
export function copyLane(task: LaneTask): void {
  for (const _ of copySteps(task));
}

/** Does the same in short steps. */
export function* copySteps(task: LaneTask): Generator<void> {
  using files = new BackingFiles(task.directIo);
  const lane = new CopyLane(task, files);
  const { control, chunks } = task;
  for (const taken of takenItems(control, chunks.length)) {
    lane.copyChunk(chunks[taken]);
    Atomics.add(control, CONTROL.done, 1);
    yield;
  }
}

class CopyLane {
  readonly #task: LaneTask;
  readonly #files: BackingFiles;
  readonly #buffer: PageBuffer;
  /** The bytes already in the file, if they are to be compared. */
  readonly #existing: PageBuffer | undefined;

  constructor(task: LaneTask, files: BackingFiles) {
    this.#task = task;
    this.#files = files;
    this.#buffer = new PageBuffer(task.chunkLength);
    if (task.blocks.some((block) => block.existing !== undefined)) {
      this.#existing = new PageBuffer(task.chunkLength);
    }
  }

  copyChunk(chunk: number): void {
    const { blocks, pageSize, chunkLength } = this.#task;
    const block = blockOf(blocks, chunk);
    const offset = (chunk - block.firstChunk) * chunkLength;
    const first = offset / pageSize;
    const pageCount = Math.floor(block.usedLength / pageSize);
    const end = Math.min(first + chunkLength / pageSize, pageCount);
    const runs = block.wanted === undefined
      ? [{ first, end }]
      : new PageBitmap(end, block.wanted).runs(first);
    for (const run of runs) this.#copyRun(block, run);
  }

  #copyRun(block: LaneBlock, run: PageRun): void {
    const { pageSize } = this.#task;
    const count = run.end - run.first;
    const bytes = this.#buffer.bytes.subarray(0, count * pageSize);
    this.#read(block, bytes, run.first * pageSize);
    const { present } = block;
    if (present === undefined) return this.#write(block, run, run);
    const nonZero = this.#buffer.nonZeroPages(pageSize, count);
    const pages = { ...run, nonZero: nonZero.runs() };
    for (const part of storePages(present, pages)) {
      if (part.isZero) this.#writePart(block, run, part);
      else this.#write(block, run, part);
    }
    this.#count("zeroPages", count - nonZero.count());
  }

  /** Reads a part of a block; bytes past the end of its source are zero. */
  #read(block: LaneBlock, target: Uint8Array, offset: number): void {
    const given = Math.min(target.length, block.fromLength - offset);
    if (given > 0) {
      const part = target.subarray(0, given);
      this.#readFrom(block, part, block.fromOffset + offset);
    }
    target.fill(0, Math.max(0, given));
  }

  #readFrom(
    { from, isSparse = false }: LaneBlock,
    target: Uint8Array,
    offset: number,
  ): void {
    if (from.kind === "memory") {
      target.set(from.bytes.subarray(offset, offset + target.length));
      return;
    }
    const file = isSparse
      ? this.#files.sparseReader(from)
      : this.#files.reader(from);
    file.readSync(target, offset);
  }

  /**
   * Writes the pages of `run` from the buffer, which holds those of `buffered`.
   */
  #write(block: LaneBlock, buffered: PageRun, run: PageRun): void {
    const { left } = block;
    for (const part of this.#missing(block, buffered, run)) {
      const { first, end } = part;
      if (left !== undefined && end - first >= left.pageCountMin) {
        setBits(left.pages, first, end);
      } else {
        this.#writePart(block, buffered, part);
      }
      this.#count("writtenPages", end - first);
    }
  }

  #writePart(block: LaneBlock, buffered: PageRun, part: PageRun): void {
    const { pageSize } = this.#task;
    this.#files.writer(block.to).writeSync(
      this.#buffer.bytes.subarray(
        (part.first - buffered.first) * pageSize,
        (part.end - buffered.first) * pageSize,
      ),
      block.toOffset + part.first * pageSize,
    );
  }

  /** Yields the parts of a run whose bytes differ from those in the file. */
  *#missing(
    block: LaneBlock,
    buffered: PageRun,
    run: PageRun,
  ): Generator<PageRun> {
    const { existing } = block;
    if (existing === undefined || this.#existing === undefined) {
      return yield run;
    }
    const { pageSize } = this.#task;
    const start = (run.first - buffered.first) * pageSize;
    const length = (run.end - run.first) * pageSize;
    const found = this.#existing.bytes.subarray(0, length);
    this.#readExisting(found, run, { ...existing, offset: block.toOffset });
    const wanted = this.#buffer.bytes.subarray(start, start + length);
    let kept = run.end - run.first;
    for (const { first, end } of differentPages(wanted, found, pageSize)) {
      kept -= end - first;
      yield { first: run.first + first, end: run.first + end };
    }
    this.#count("keptPages", kept);
  }

  /** Reads the pages of a run that a file holds, from a block at `offset`. */
  #readExisting(
    target: Uint8Array,
    run: PageRun,
    { file, present, offset }: ExistingPages & { readonly offset: number },
  ): void {
    const { pageSize } = this.#task;
    const reader = this.#files.reader(file);
    const runs = present === undefined
      ? [run]
      : new PageBitmap(run.end, present).runs(run.first);
    let done = run.first;
    const part = (first: number, end: number) =>
      target.subarray(
        (first - run.first) * pageSize,
        (end - run.first) * pageSize,
      );
    for (const { first, end } of runs) {
      part(done, first).fill(0);
      reader.readSync(part(first, end), offset + first * pageSize);
      done = end;
    }
    part(done, run.end).fill(0);
  }

  #count(what: keyof typeof CONTROL, pages: number): void {
    Atomics.add(this.#task.control, CONTROL[what], pages);
  }
}

/**
 * Returns the block of a chunk: the last block whose first chunk is not later.
 */
function blockOf(blocks: readonly LaneBlock[], chunk: number): LaneBlock {
  const found = blocks.findLast(({ firstChunk }) => firstChunk <= chunk);
  if (found === undefined) throw new RangeError(`No block has chunk ${chunk}`);
  return found;
}
