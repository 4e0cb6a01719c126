import { EventDescriptor } from "../linux/mod.ts";
import { uffdTest } from "../linux/testing/uffd_test_case.ts";
import { PagerLoop } from "./pager_loop.ts";

uffdTest("PagerLoop waits for what is added while it waits", async () => {
  using bell = new EventDescriptor();
  let isStopped = false;
  using loop = new PagerLoop(bell.fd, {
    isStopped: () => isStopped,
    spareWork: () => false,
  });
  using first = new EventDescriptor();
  using second = new EventDescriptor();
  // By a timer, of which the thread that waits for descriptors hears nothing.
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
