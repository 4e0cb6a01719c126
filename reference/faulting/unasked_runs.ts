import type { PageRun } from "../../format/bitmap/mod.ts";
import type { DemandGate, MovingFront } from "../sources/mod.ts";
import { hostPagesOf } from "./postcopy_geometry.ts";
import type { PostcopyWork } from "./postcopy_work.ts";

/** Options of `loadPending`. */
export interface LoadPendingOptions {
  /** Stops the work, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Pages of the source to load before all others, in this order. */
  readonly loadFirst?: Iterable<PageRun> | undefined;
  /**
   * Whether to put zero pages in place as well. If false they stay missing,
   * which is enough for memory whose missing pages read as zero.
   * Default: true.
   */
  readonly zeroPages?: boolean | undefined;
  /**
   * Resolves when a read of `byteLength` bytes may begin, to a function that is
   * called when that read has ended. Default: reads begin at once.
   */
  readonly whenFree?:
    | ((byteLength: number) => Promise<() => void>)
    | undefined;
  /**
   * Called when the memory could not be filled because it is being changed.
   * Resolves when a retry makes sense.
   */
  readonly whenChanged?: (() => Promise<void>) | undefined;
}

/** The work of the background, and what it waits for. */
export interface UnaskedWork<Memory> {
  readonly work: PostcopyWork;
  /** Yields the parts of a run that are not zero. */
  readonly presentIn: (run: PageRun) => AsyncIterable<PageRun>;
  /** Closed while a fault is being served. */
  readonly gate: DemandGate;
  /** The pages near the latest faults, to load first; undefined: none. */
  readonly front: MovingFront<Memory> | undefined;
}

/** Yields the pieces that the background loads, in order. */
export async function* unaskedRuns<Memory>(
  { work, presentIn, gate, front }: UnaskedWork<Memory>,
  options: LoadPendingOptions,
): AsyncGenerator<PageRun> {
  const { signal, loadFirst = [], zeroPages = true } = options;
  for (const run of loadFirst) {
    yield* work.pieces(hostPagesOf(run, work.geometry));
  }
  const rest = restOf();
  for (;;) {
    const piece = await front?.next(() => gate.idle(signal));
    if (piece !== undefined) {
      for await (const run of presentIn(piece.run)) yield* work.pieces(run);
      continue;
    }
    const { done, value } = await rest.next();
    if (done) return;
    yield value;
  }

  async function* restOf(): AsyncGenerator<PageRun> {
    const all = { first: 0, end: work.geometry.hostPageCount };
    for await (const run of presentIn(all)) yield* work.pieces(run);
    if (zeroPages) yield* work.pieces(all);
  }
}
