/**
 * The thread that fills the memory of a `PagedMemory`.
 *
 * @module
 */

import { Userfaultfd } from "../linux/mod.ts";
import type { MemoryJob } from "./memory_job.ts";
import { errorEvent } from "./pager_event.ts";
import { PagedProcess } from "./paged_process.ts";
import { servePages } from "./serve_pages.ts";

servePages<MemoryJob>(({ uffd, region }, { loop, source, options, tell }) => {
  const memory = source.memory(region.idstr);
  const process = new PagedProcess(
    new Userfaultfd(uffd),
    [{ ...region, memory }],
    {
      ...options,
      onRetry: ({ message }) => tell({ kind: "retry", vm: 0, message }),
      onLoaded: () => {
        const { statistics } = process;
        tell({ kind: "statistics", vm: 0, statistics });
        tell({ kind: "loaded", vm: 0 });
      },
    },
  );
  loop.add(process, {
    onEnd: (error) => tell(errorEvent(error)),
    onFailed: () => tell({ kind: "failed", vm: 0 }),
  });
});
