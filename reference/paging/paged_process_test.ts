import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import type { PostcopyMemory } from "../faulting/mod.ts";
import { NativeBuffers, NativeMemory, Userfaultfd } from "../linux/mod.ts";
import { touchPages } from "../linux/testing/touch_pages.ts";
import { uffdTest } from "../linux/testing/uffd_test_case.ts";
import { PagedProcess } from "./paged_process.ts";
import { ReadBudget } from "./read_budget.ts";

const PAGE = 4096;
const PAGES = 64;

/**
 * Returns memory of this process whose pages are all missing; the first
 * `present` of them are not zero.
 */
function setUp(
  { present = PAGES, background = false, onLoaded = () => {} } = {},
) {
  const native = new NativeMemory(PAGES * PAGE);
  const uffd = Userfaultfd.create();
  const { address, byteLength, pageSize } = native;
  const hasZeropage = uffd.register(address, byteLength);
  const reads: (() => void)[] = [];
  const memory: PostcopyMemory = {
    name: "memory",
    byteLength,
    pageSize,
    async *presentRuns({ first = 0, end = present } = {}) {
      yield await Promise.resolve({ first, end: Math.min(end, present) });
    },
    readInto: (target) =>
      new Promise((resolve) =>
        reads.push(() => {
          target.fill(7);
          resolve();
        })
      ),
  };
  const budget = () =>
    new ReadBudget({ reads: 4, readsEach: 4, bytes: 0x1000000 });
  const buffers = new NativeBuffers();
  const plan = { address, byteLength, pageSize, hasZeropage, memory };
  const process = new PagedProcess(
    uffd,
    [{ ...plan, origin: 0, idstr: "ram" }],
    {
      faultAround: PAGE,
      background,
      onLoaded,
      retryFor: 1000,
      buffers,
      demandReads: budget(),
      backgroundReads: budget(),
    },
  );
  const failures: unknown[] = [];
  const watch = {
    onChange: () => {},
    onError: (error: unknown) => void failures.push(error),
  };
  /** Serves until a read has begun. */
  const untilRead = async (): Promise<void> => {
    while (reads.length === 0) {
      process.readEvents();
      process.serve(watch);
      await setTimeout(1);
    }
  };
  const setup = { native, uffd, reads, process, buffers, failures };
  return { ...setup, untilRead, watch };
}

uffdTest("PagedProcess puts a finished read in place", async () => {
  const { native, reads, process, untilRead, uffd } = setUp();
  const { address } = native;
  const touched = touchPages({ address, pageSize: PAGE, pages: [5] });
  await untilRead();
  reads[0]?.();
  assert.deepEqual(await touched, [7]);
  process.stop();
  await process.settled();
  uffd.close();
  native.unmap();
});

uffdTest(
  "PagedProcess.settled() waits for pending reads, which keep their buffers and fill no memory",
  async () => {
    const setup = setUp();
    const { native, reads, process, uffd } = setup;
    const { address } = native;
    const touched = touchPages({ address, pageSize: PAGE, pages: [5] });
    await setup.untilRead();
    let isOver = false;
    process.stop();
    const stopped = process.settled().then(() => isOver = true);
    setup.buffers[Symbol.dispose]();
    // The next descriptor most likely gets the same number.
    uffd.close();
    using other = Userfaultfd.create();
    assert.deepEqual(await touched, [0]);
    using next = new NativeMemory(PAGE);
    other.register(next.address, PAGE);
    await setTimeout(5);
    assert.equal(isOver, false);
    // If its buffer were unmapped by now, this would crash the tests.
    reads[0]?.();
    await stopped;
    assert.deepEqual(setup.failures, []);
    assert.equal(other.zeropage(next.address, PAGE).length, PAGE);
    other.unregister(next.address, PAGE);
    native.unmap();
  },
);

uffdTest("PagedProcess has no pending pages once it is loaded", async () => {
  let isLoaded = false;
  const setup = setUp({
    present: PAGES / 2,
    background: true,
    onLoaded: () => void (isLoaded = true),
  });
  const { native, reads, process, uffd } = setup;
  assert.equal(process.statistics.pendingPages, PAGES);
  process.load(setup.watch);
  while (!isLoaded) {
    assert.equal(process.statistics.loaded, false);
    assert.ok(process.statistics.pendingPages > 0);
    reads.pop()?.();
    await setTimeout(1);
  }
  const { loaded, pendingPages } = process.statistics;
  assert.deepEqual({ loaded, pendingPages }, { loaded: true, pendingPages: 0 });
  // The missing pages are zero, without the help of the process.
  const { address } = native;
  const touched = touchPages({
    address,
    pageSize: PAGE,
    pages: [0, PAGES - 1],
  });
  assert.deepEqual(await touched, [7, 0]);
  process.stop();
  await process.settled();
  uffd.close();
  native.unmap();
});
