/**
 * The thread of a pager: opens the snapshot, then serves faults until it is
 * stopped.
 *
 * @module
 */

import { WorkingSetRecorder } from "../working_set/mod.ts";
import { FaultServer } from "./firecracker/fault_server.ts";
import { PagedProcess } from "./paged_process.ts";
import { PagerLoop } from "./pager_loop.ts";
import { openPagerSource } from "./pager_source.ts";
import type { PagerEvent, PagerTask } from "./pager_task.ts";
import { Userfaultfd } from "./userfaultfd.ts";

/** What a worker has instead of a window. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<PagerTask>) => void) | null;
  postMessage(event: PagerEvent): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data: task }) => {
  servePages(task).catch((error) =>
    tell({
      kind: "error",
      message: error instanceof Error ? error.message : String(error),
    })
  );
};

function tell(event: PagerEvent): void {
  scope.postMessage(event);
}

async function servePages(task: PagerTask): Promise<void> {
  const source = await openPagerSource(task);
  const identity = task.record ? await source.identity() : undefined;
  const recorder = new WorkingSetRecorder(source.blocks);
  const options = {
    ...task,
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
  if (task.server !== undefined) {
    new FaultServer(loop, source, { ...task.server, pager: options, tell });
  }
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
  const profile = identity === undefined
    ? undefined
    : recorder.profile(identity);
  tell({ kind: "stopped", profile });
}
