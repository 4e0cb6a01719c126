import assert from "node:assert/strict";
import { EventDescriptor, type Userfaultfd } from "../linux/mod.ts";
import { uffdTest } from "../linux/testing/uffd_test_case.ts";
import type { PagedProcess } from "./paged_process.ts";
import { PagerLoop } from "./pager_loop.ts";

uffdTest("PagerLoop polls descriptors added while it waits", async () => {
  using bell = new EventDescriptor();
  let isStopped = false;
  using loop = new PagerLoop(bell.fd, {
    isStopped: () => isStopped,
    spareWork: () => false,
  });
  using first = new EventDescriptor();
  using second = new EventDescriptor();
  // By a timer, which the thread that polls descriptors does not notice.
  loop.timers.after(50, () => {
    loop.set.add(first.fd, () => {
      loop.set.delete(first.fd);
      loop.timers.after(50, () => {
        loop.set.add(second.fd, () => isStopped = true);
        globalThis.setTimeout(() => second.ring(), 100);
      });
    });
    globalThis.setTimeout(() => first.ring(), 100);
  });
  await loop.run();
});

/** Returns a process without memory, and the calls that ended it. */
function endingProcess(fd: number) {
  const calls: string[] = [];
  const process = {
    uffd: { fd } as Userfaultfd,
    wantsBackground: false,
    stop: () => void calls.push("stop"),
    settled(): Promise<void> {
      calls.push("settled");
      return Promise.resolve();
    },
  } as Partial<PagedProcess> as PagedProcess;
  return { process, calls };
}

uffdTest(
  "PagerLoop waits for reads except where promises cannot settle",
  async () => {
    using bell = new EventDescriptor();
    using descriptor = new EventDescriptor();
    const watch = { onEnd() {}, onFailed() {} };
    const options = { isStopped: () => true, spareWork: () => false };
    for (const isSync of [true, false]) {
      using loop = new PagerLoop(bell.fd, options);
      const { process, calls } = endingProcess(descriptor.fd);
      loop.add(process, watch);
      // A promise made by runSync would hold the process until the thread ends.
      if (isSync) loop.runSync();
      else await loop.run();
      assert.deepEqual(calls, isSync ? ["stop"] : ["stop", "settled"]);
    }
  },
);
