import { PageBitmap } from "../../format/bitmap/mod.ts";
import {
  BackingFiles,
  isStopped,
  type OpenedFile,
  type ReadBacking,
  takenItems,
} from "../lanes/mod.ts";
import { ChunkPacker, type PackedChunk } from "./chunk_packer.ts";
import { placeChunk } from "./chunk_placer.ts";
import { clusterCompressor } from "./cluster_compressor.ts";
import { GRANULE } from "./pack_plan.ts";
import { PACK_CONTROL, type PackTask } from "./pack_task.ts";
import { readChunk } from "./read_chunk.ts";

/** Packed chunks that wait until those before them have their places. */
const WAITING_MAX = 4;
/** Maximum milliseconds of a step that waits. */
const WAIT = 5;

/** Packs chunks until none are left. */
export function packLane(task: PackTask): void {
  const steps = packSteps(task);
  while (!steps.next().done);
}

/** Does the same in short steps. */
export function* packSteps(task: PackTask): Generator<void> {
  using files = new BackingFiles(false);
  const lane = new PackLane(task, files);
  const { control, chunks } = task;
  for (const item of takenItems(control, chunks.length)) {
    lane.pack(item);
    do yield; while (!lane.placeWaiting(WAITING_MAX));
  }
  while (!lane.placeWaiting(0)) yield;
}

/**
 * Packs chunks in any order, and places them in the order of the disk, so that
 * the image does not depend on the number of lanes.
 */
class PackLane {
  readonly #task: PackTask;
  readonly #read: ReadBacking;
  readonly #image: OpenedFile;
  readonly #packer: ChunkPacker;
  readonly #wanted: PageBitmap;
  readonly #changed: PageBitmap | undefined;
  readonly #waiting: { readonly item: number; readonly chunk: PackedChunk }[] =
    [];

  constructor(task: PackTask, files: BackingFiles) {
    const { geometry, compression, byteLength, wanted, changed } = task;
    const { clusterSize, chunkLength } = geometry;
    this.#task = task;
    this.#read = files.backingReader(task.from, task);
    this.#image = files.writer(task.to);
    this.#packer = new ChunkPacker(
      clusterCompressor(compression, clusterSize),
      {
        clusterSize,
        chunkLength,
        kept: WAITING_MAX + 1,
      },
    );
    this.#wanted = new PageBitmap(Math.ceil(byteLength / GRANULE), wanted);
    this.#changed = changed && new PageBitmap(geometry.clusterCount, changed);
  }

  pack(item: number): void {
    const { geometry, chunks, byteLength } = this.#task;
    const { chunkLength, clusterSize, clusterCount } = geometry;
    const start = chunks[item] * chunkLength;
    const reads = readChunk(this.#packer.buffer.bytes, start, {
      wanted: this.#wanted,
      byteLength,
    });
    for (const { target, offset } of reads) this.#read(target, offset);
    const firstCluster = start / clusterSize;
    const perChunk = chunkLength / clusterSize;
    const chunk = this.#packer.pack({
      firstCluster,
      clusterCount: Math.min(perChunk, clusterCount - firstCluster),
      changed: this.#changed,
    });
    this.#waiting.push({ item, chunk });
  }

  /**
   * Places the packed chunks whose turn it is; returns whether at most `kept`
   * still wait, or the lanes are to stop. Otherwise it has waited for a moment.
   */
  placeWaiting(kept: number): boolean {
    const { control } = this.#task;
    this.#placeInTurn();
    if (this.#waiting.length <= kept || isStopped(control)) return true;
    const turn = Atomics.load(control, PACK_CONTROL.turn);
    if (turn === this.#waiting[0].item) return false;
    Atomics.wait(control, PACK_CONTROL.turn, turn, WAIT);
    return false;
  }

  #placeInTurn(): void {
    const { control, tables } = this.#task;
    for (;;) {
      const [first] = this.#waiting;
      const turn = Atomics.load(control, PACK_CONTROL.turn);
      if (first === undefined || turn !== first.item) return;
      const { chunk } = first;
      const parts = placeChunk(chunk, tables);
      Atomics.store(control, PACK_CONTROL.turn, turn + 1);
      Atomics.notify(control, PACK_CONTROL.turn);
      this.#waiting.shift();
      for (const { bytes, offset } of parts) {
        this.#image.writeSync(bytes, offset);
      }
      const { compressedCount, stored } = chunk;
      const plainCount = stored.length - compressedCount;
      Atomics.add(control, PACK_CONTROL.compressed, compressedCount);
      Atomics.add(control, PACK_CONTROL.plain, plainCount);
    }
  }
}
