import { retry } from "../work/mod.ts";
import type { FaultQueue, QueuedFault } from "./fault_queue.ts";
import type { PagerOptions } from "./pager_options.ts";
import type { ServedRegion } from "./served_region.ts";

/** Callbacks of the reads for a process. */
export interface ReadWatch {
  /** Called when a read has ended: there may be more to do. */
  onChange(): void;
  /** Called when the process can no longer be served. */
  onError(error: unknown): void;
}

/** The process to read for. */
export interface ReadContext {
  readonly regions: readonly ServedRegion[];
  readonly queue: FaultQueue<ServedRegion>;
  readonly options: PagerOptions;
  /** Records a failure that will be retried; throws any other. */
  readonly onFailure: (error: unknown) => void;
}

/** Milliseconds before the background retries a failed read. */
export const RETRY_DELAY = 500;

/** The reads for a process whose source is asynchronous. */
export class ProcessReads {
  readonly #context: ReadContext;
  readonly #stop = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  #isHeld = false;

  constructor(context: ReadContext) {
    this.#context = context;
  }

  /** Whether queued faults wait for other reads to end. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Starts to serve queued faults, as many as the read budget allows. */
  serve(watch: ReadWatch): void {
    const { queue, options } = this.#context;
    this.#isHeld = false;
    for (const fault of queue.due()) {
      const { bytesAtOnce } = fault.region.loader;
      const ended = options.demandReads.tryStart(this, bytesAtOnce);
      if (ended === undefined) {
        this.#isHeld = true;
        return;
      }
      queue.start(fault);
      this.#track(this.#handle(fault), watch, () => {
        ended();
        watch.onChange();
      });
    }
  }

  /** Starts to load all nonzero pages; calls `onLoaded` at the end. */
  load(watch: ReadWatch, onLoaded: () => void): void {
    this.#track(this.#loadAll(onLoaded), watch);
  }

  /** Aborts the reads and starts no more. */
  stop(): void {
    this.#stop.abort();
  }

  /** Resolves when all reads have ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #track(
    work: Promise<void>,
    watch: ReadWatch,
    onEnd: () => void = () => {},
  ): void {
    const tracked = work.catch((error) => watch.onError(error)).finally(() => {
      this.#underWay.delete(tracked);
      onEnd();
    });
    this.#underWay.add(tracked);
  }

  async #handle(fault: QueuedFault<ServedRegion>): Promise<void> {
    const { queue, onFailure } = this.#context;
    const { signal } = this.#stop;
    try {
      const isDone = await fault.region.loader.handleFault(fault.page, {
        signal,
      });
      if (isDone) queue.done(fault);
      else queue.postponed(fault);
    } catch (error) {
      if (signal.aborted) return;
      onFailure(error);
      queue.failed(fault);
    }
  }

  async #loadAll(onLoaded: () => void): Promise<void> {
    const { regions, options, onFailure } = this.#context;
    const { signal } = this.#stop;
    const whenFree = (byteLength: number) =>
      options.backgroundReads.start(this, byteLength, { signal });
    const delayAfter = (error: unknown) => {
      onFailure(error);
      return RETRY_DELAY;
    };
    try {
      for (const { loader, plan } of regions) {
        const loadFirst = options.loadFirst?.filter(({ idstr }) =>
          idstr === plan.idstr
        );
        const pending = { loadFirst, zeroPages: false, signal, whenFree };
        const load = () => loader.loadPending(pending);
        await retry(load, { signal, delayAfter });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (!signal.aborted) onLoaded();
  }
}
