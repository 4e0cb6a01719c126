import { EventDescriptor } from "../linux/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { entryUrl } from "../work/mod.ts";
import type { PagerEvent, PagerTask } from "./pager_task.ts";

/** A thread that serves page faults. */
export class PagerThread {
  /** What it told at the end. */
  readonly stopped: Promise<Extract<PagerEvent, { kind: "stopped" }>>;
  readonly #worker: Worker;
  readonly #control: Int32Array;
  readonly #bell: EventDescriptor;

  private constructor(
    worker: Worker,
    options: {
      readonly control: Int32Array;
      readonly bell: EventDescriptor;
      readonly stopped: PagerThread["stopped"];
    },
  ) {
    this.#worker = worker;
    this.#control = options.control;
    this.#bell = options.bell;
    this.stopped = options.stopped;
    this.stopped.catch(() => {});
  }

  /** Starts it; resolves when it serves. */
  static async start(
    task: Omit<PagerTask, "control" | "wakeFd">,
    onEvent: (event: PagerEvent) => void,
  ): Promise<PagerThread> {
    const url = entryUrl("../firecracker/pager_worker.ts", import.meta.url);
    const worker = new Worker(url, { type: "module" });
    const bell = new EventDescriptor();
    const control = new Int32Array(new SharedArrayBuffer(4));
    const ready = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<
      Extract<PagerEvent, { kind: "stopped" }>
    >();
    const fail = (message: string) => {
      const error = new SourceError(task.file, message);
      ready.reject(error);
      stopped.reject(error);
    };
    worker.onmessage = ({ data }: MessageEvent<PagerEvent>) => {
      if (data.kind === "ready") ready.resolve();
      if (data.kind === "stopped") stopped.resolve(data);
      if (data.kind === "error") fail(data.message);
      onEvent(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      fail(`Cannot serve pages: ${event.message}`);
    };
    worker.postMessage({ ...task, control, wakeFd: bell.fd } as PagerTask);
    const thread = new PagerThread(worker, {
      control,
      bell,
      stopped: stopped.promise,
    });
    try {
      await ready.promise;
    } catch (error) {
      worker.terminate();
      bell[Symbol.dispose]();
      throw error;
    }
    return thread;
  }

  /** Stops it; resolves to what it took down when it serves no more. */
  async stop(): Promise<Extract<PagerEvent, { kind: "stopped" }>> {
    Atomics.store(this.#control, 0, 1);
    this.#bell.ring();
    try {
      return await this.stopped;
    } finally {
      this.#worker.terminate();
      this.#bell[Symbol.dispose]();
    }
  }
}
