/**
 * The thread of a pager: opens the snapshot, then serves faults until it is
 * stopped.
 *
 * @module
 */

import type { WorkingSetProfile } from "../../format/mod.ts";
import { descriptorLimit, NativeBuffers, Userfaultfd } from "../linux/mod.ts";
import {
  openPagerSource,
  PagedProcess,
  type PagerEvent,
  PagerLoop,
  type PagerOptions,
  type PagerTask,
  ReadBudget,
} from "../paging/mod.ts";
import { WorkingSetRecorder } from "../working_set/mod.ts";
import { FaultServer } from "./fault_server.ts";

/** What a worker has instead of a window. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<PagerTask>) => void) | null;
  postMessage(event: PagerEvent): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data: task }) => {
  servePages(task).then(
    (profile) => tell({ kind: "stopped", profile }),
    (error) =>
      tell({
        kind: "error",
        message: error instanceof Error ? error.message : String(error),
      }),
  );
};

function tell(event: PagerEvent): void {
  scope.postMessage(event);
}

/** What may be read at once: each read of a URL takes a connection. */
function readBudgets(): Pick<PagerOptions, "demandReads" | "backgroundReads"> {
  const reads = Math.floor(descriptorLimit() / 8);
  return {
    demandReads: new ReadBudget({
      ...{ reads: Math.min(96, reads), readsEach: 32, bytes: 0x4000000 },
    }),
    backgroundReads: new ReadBudget({
      ...{ reads: Math.min(8, reads), readsEach: 4, bytes: 0x1000000 },
    }),
  };
}

/** Serves until it is stopped; gives what was recorded. */
async function servePages(
  task: PagerTask,
): Promise<WorkingSetProfile | undefined> {
  using source = await openPagerSource(task);
  const identity = task.record ? await source.identity() : undefined;
  const recorder = new WorkingSetRecorder(source.blocks);
  using buffers = new NativeBuffers();
  const options = {
    ...{ ...task, buffers, ...readBudgets() },
    ...(identity === undefined ? {} : {
      onFault: ({ idstr, page }: { idstr: string; page: number }) => {
        recorder.record(idstr, page);
      },
    }),
  };
  using loop = new PagerLoop(
    task.wakeFd,
    {
      isStopped: () => Atomics.load(task.control, 0) !== 0,
      spareWork: () => source.warmNext(),
    },
  );
  using _server = task.server === undefined
    ? undefined
    : new FaultServer(loop, source, { ...task.server, pager: options, tell });
  if (task.memory !== undefined) {
    const { uffd, regions } = task.memory;
    const plans = regions.map((it) => ({
      ...it,
      memory: source.memory(it.idstr),
    }));
    const process = new PagedProcess(new Userfaultfd(uffd), plans, {
      ...options,
      onRetry: ({ message }) => tell({ kind: "retry", vm: 0, message }),
      onLoaded: () => {
        const { statistics } = process;
        tell({ kind: "statistics", vm: 0, statistics });
        tell({ kind: "loaded", vm: 0 });
      },
    });
    loop.add(process, {
      onEnd: (error) => tell({ kind: "error", message: String(error) }),
      onFailed: () => tell({ kind: "failed", vm: 0 }),
    });
  }
  tell({ kind: "ready" });
  if (source.isSync) loop.runSync();
  else await loop.run();
  return identity === undefined ? undefined : recorder.profile(identity);
}
