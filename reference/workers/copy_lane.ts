import { PageBitmap, type PageRun } from "../../format/bitmap/mod.ts";
import { PageBuffer, storePages } from "../pages/mod.ts";
import { BackingFiles } from "./backing_files.ts";
import { CONTROL, type LaneBlock, type LaneTask } from "./lane_task.ts";
import { takenItems } from "./shared_task.ts";

/**
 * Copies chunks until none are left. Each chunk has its own place in the file,
 * so lanes never wait for each other.
 */
export function copyLane(task: LaneTask): void {
  using files = new BackingFiles(task.directIo);
  const lane = new CopyLane(task, files);
  const { control, chunks } = task;
  for (const taken of takenItems(control, chunks.length)) {
    lane.copyChunk(chunks[taken]);
    Atomics.add(control, CONTROL.done, 1);
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
    if (task.blocks.some((block) => block.compare)) {
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
    for (const part of this.#missing(block, buffered, run)) {
      this.#writePart(block, buffered, part);
      this.#count("writtenPages", part.end - part.first);
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
    if (!block.compare || this.#existing === undefined) return yield run;
    const { pageSize } = this.#task;
    const start = (run.first - buffered.first) * pageSize;
    const length = (run.end - run.first) * pageSize;
    const existing = this.#existing.bytes.subarray(0, length);
    const position = block.toOffset + run.first * pageSize;
    const file = this.#files.writer(block.to);
    file.readSync(existing, position);
    const words = wordsOf(existing);
    const wanted = wordsOf(this.#buffer.bytes.subarray(start, start + length));
    const perPage = pageSize / Int32Array.BYTES_PER_ELEMENT;
    let first = run.first;
    for (let page = run.first; page < run.end; page++) {
      const at = (page - run.first) * perPage;
      if (!isSame(words, wanted, at, at + perPage)) continue;
      if (page > first) yield { first, end: page };
      first = page + 1;
      this.#count("keptPages", 1);
    }
    if (run.end > first) yield { first, end: run.end };
  }

  #count(what: keyof typeof CONTROL, pages: number): void {
    Atomics.add(this.#task.control, CONTROL[what], pages);
  }
}

function wordsOf({ buffer, byteOffset, length }: Uint8Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length / 4);
}

function isSame(
  one: Int32Array,
  other: Int32Array,
  start: number,
  end: number,
): boolean {
  for (let index = start; index < end; index++) {
    if (one[index] !== other[index]) return false;
  }
  return true;
}

/**
 * Returns the block of a chunk: the last block whose first chunk is not later.
 */
function blockOf(blocks: readonly LaneBlock[], chunk: number): LaneBlock {
  const found = blocks.findLast(({ firstChunk }) => firstChunk <= chunk);
  if (found === undefined) throw new RangeError(`No block has chunk ${chunk}`);
  return found;
}
