import type { PageRun } from "../../format/bitmap/mod.ts";
import type { DemandGate, MovingFront } from "../sources/mod.ts";
import { hostPagesOf } from "./postcopy_geometry.ts";
import type { PostcopyWork } from "./postcopy_work.ts";

/** How to load what nobody has asked for. */
export interface LoadPendingOptions {
  /** Stops it; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Pages of the source to load before all others, in this order. */
  readonly loadFirst?: Iterable<PageRun> | undefined;
  /**
   * Whether pages that are zero are put in place, too. Without that they stay
   * missing: enough for memory that is zero where nobody watches it.
   * Default: true.
   */
  readonly zeroPages?: boolean | undefined;
  /**
   * Resolves when a read of so many bytes may begin; what it resolves to is
   * called when the read has ended. Default: at once.
   */
  readonly whenFree?:
    | ((byteLength: number) => Promise<() => void>)
    | undefined;
  /** Resolves when the memory may have changed, after it could not be filled. */
  readonly whenChanged?: (() => Promise<void>) | undefined;
}

/** What is loaded unasked, and what it has to wait for. */
export interface UnaskedWork<Memory> {
  readonly work: PostcopyWork;
  /** The parts of a run that are not zero. */
  readonly presentIn: (run: PageRun) => AsyncIterable<PageRun>;
  /** Where somebody waits for a page. */
  readonly gate: DemandGate;
  /** What comes before the rest, and near to it at once; undefined: nothing. */
  readonly front: MovingFront<Memory> | undefined;
}

/** What the background loads, piece by piece, when it is its turn. */
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
