import { EventDescriptor } from "../linux/mod.ts";
import { Thread } from "../threads/mod.ts";
import { IntegrityError, SourceError } from "../sources/mod.ts";
import { errorEvent, type PagerEvent } from "./pager_event.ts";
import type { PagerSettings } from "./pager_settings.ts";
import type { PagerMessage, PagerTask } from "./pager_task.ts";

/** The last event of a pager. */
type Stopped = Extract<PagerEvent, { kind: "stopped" }>;

/** Options of `PagerThread.start`. */
export interface PagerThreadOptions<Job> {
  /** Module of the thread, which calls `servePages`. */
  readonly url: URL;
  /** The processes whose faults to serve. */
  readonly job: Job;
  /** Called for each event. */
  readonly onEvent: (event: PagerEvent) => void;
}

/** A thread that serves page faults. */
export class PagerThread {
  /** Resolves to the last event. */
  readonly stopped: Promise<Stopped>;
  readonly #worker: Thread<PagerMessage>;
  readonly #control: Int32Array;
  readonly #bell: EventDescriptor;

  private constructor(
    worker: Thread<PagerMessage>,
    options: {
      readonly control: Int32Array;
      readonly bell: EventDescriptor;
      readonly stopped: Promise<Stopped>;
    },
  ) {
    this.#worker = worker;
    this.#control = options.control;
    this.#bell = options.bell;
    this.stopped = options.stopped;
    this.stopped.catch(() => {});
  }

  /**
   * Starts a thread and resolves when it serves.
   *
   * @throws {RangeError} if there is no such RAMBlock
   * @throws {SourceError} if the file cannot be opened
   * @throws {IntegrityError} if it is not the one of the digest
   */
  static async start<Job>(
    settings: PagerSettings,
    { url, job, onEvent }: PagerThreadOptions<Job>,
  ): Promise<PagerThread> {
    const bell = new EventDescriptor();
    const worker = new Thread<PagerMessage>(url);
    const control = new Int32Array(new SharedArrayBuffer(4));
    const ready = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<Stopped>();
    const fail = (error: Error) => {
      ready.reject(error);
      stopped.reject(error);
    };
    worker.onmessage = ({ data }) => {
      const { kind } = data;
      // While it serves, this is an error like any other: `ready` is resolved.
      if (kind === "wrong-argument") ready.reject(new RangeError(data.message));
      const event = kind === "wrong-argument" ? errorEvent(data.message) : data;
      if (event.kind === "ready") ready.resolve();
      if (event.kind === "stopped") stopped.resolve(event);
      if (event.kind === "error") {
        fail(
          event.untrusted === undefined
            ? new SourceError(settings.place.file, event.message)
            : new IntegrityError(event.untrusted.source, event.untrusted),
        );
      }
      onEvent(event);
    };
    worker.onerror = (event) => {
      const message = `Cannot serve pages: ${event.message}`;
      fail(new SourceError(settings.place.file, message));
    };
    const task: PagerTask<Job> = { settings, job, control, wakeFd: bell.fd };
    worker.postMessage(task);
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

  /** Stops the thread; resolves to its last event once it has stopped. */
  async stop(): Promise<Stopped> {
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
