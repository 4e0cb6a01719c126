import type { WorkingSetProfile } from "../../format/profile/mod.ts";
import { descriptorLimit, NativeBuffers } from "../linux/mod.ts";
import { threadPort } from "../threads/mod.ts";
import { WorkingSetRecorder } from "../working_set/mod.ts";
import { errorEvent, type PagerEvent } from "./pager_event.ts";
import { PagerLoop } from "./pager_loop.ts";
import type { PagerOptions } from "./pager_options.ts";
import { openPagerSource, type PagerSource } from "./pager_source.ts";
import type { PagerMessage, PagerTask } from "./pager_task.ts";
import { ReadBudget } from "./read_budget.ts";

/** The means to serve the processes of a job. */
export interface PagerContext {
  /** The loop to add them to. */
  readonly loop: PagerLoop;
  /** The source of their pages. */
  readonly source: PagerSource;
  /** Options of serving each. */
  readonly options: PagerOptions;
  /** Reports an event. */
  readonly tell: (event: PagerEvent) => void;
}

/**
 * Makes this worker a pager thread, as `PagerThread` starts it: opens the
 * snapshot, calls `start` to add the processes of the job, and serves their
 * faults until it is stopped. Then disposes what `start` returned.
 */
export function servePages<Job>(
  start: (job: Job, context: PagerContext) => Disposable | undefined,
): void {
  const port = threadPort<PagerTask<Job>, PagerMessage>();
  const tell = (message: PagerMessage) => port.postMessage(message);
  port.onmessage = ({ data: task }) => {
    serve(task, { start, tell }).then(
      (profile) => tell({ kind: "stopped", profile }),
      (error) =>
        tell(
          error instanceof RangeError
            ? { kind: "wrong-argument", message: error.message }
            : errorEvent(error),
        ),
    );
  };
}

/** Limits concurrent reads, since each read of a URL takes a connection. */
function readBudgets(): Pick<PagerOptions, "demandReads" | "backgroundReads"> {
  const reads = Math.floor(descriptorLimit() / 8);
  return {
    demandReads: new ReadBudget({
      reads: Math.min(96, reads),
      readsEach: 32,
      bytes: 0x4000000,
    }),
    backgroundReads: new ReadBudget({
      reads: Math.min(8, reads),
      readsEach: 4,
      bytes: 0x1000000,
    }),
  };
}

/** Serves until it is stopped; resolves to the recorded profile. */
async function serve<Job>(
  { settings, job, control, wakeFd }: PagerTask<Job>,
  { start, tell }: {
    readonly start: (job: Job, context: PagerContext) => Disposable | undefined;
    readonly tell: (event: PagerEvent) => void;
  },
): Promise<WorkingSetProfile | undefined> {
  using source = await openPagerSource(settings);
  const identity = settings.record ? await source.identity() : undefined;
  const recorder = new WorkingSetRecorder(source.blocks);
  using buffers = new NativeBuffers();
  const options: PagerOptions = {
    ...settings,
    ...readBudgets(),
    // Checking the pages around the faulting one would make it wait.
    pageFirst: settings.place.verity !== undefined,
    buffers,
    onFault: identity === undefined
      ? undefined
      : ({ idstr, page }) => recorder.record(idstr, page),
  };
  using loop = new PagerLoop(wakeFd, {
    isStopped: () => Atomics.load(control, 0) !== 0,
    spareWork: () => source.warmNext(),
  });
  using _started = start(job, { loop, source, options, tell });
  tell({ kind: "ready" });
  if (source.isSync) loop.runSync();
  else await loop.run();
  return identity === undefined
    ? undefined
    : recorder.profile(identity, { digest: source.digest });
}
