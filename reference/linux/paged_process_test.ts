import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { SteppedMemory } from "../testing/stepped_memory.ts";
import { NativeBuffers } from "./native_buffers.ts";
import { NativeMemory } from "./native_memory.ts";
import { PagedProcess } from "./paged_process.ts";
import { ReadBudget } from "./read_budget.ts";
import { touchPages } from "./testing/touch_pages.ts";
import { uffdTest } from "./testing/uffd_test_case.ts";
import { Userfaultfd } from "./userfaultfd.ts";

const PAGE = 4096;
const PAGES = 64;

/** Memory of this process, of which nothing is there yet. */
function setUp() {
  const native = new NativeMemory(PAGES * PAGE);
  const uffd = Userfaultfd.create();
  const { address, byteLength, pageSize } = native;
  const hasZeropage = uffd.register(address, byteLength);
  const source = new SteppedMemory(PAGES, { pageSize: PAGE });
  // Without what serves it at once: as a source that makes one wait.
  const { name, presentRuns, readInto } = source;
  const memory = {
    ...{ name, byteLength, pageSize },
    presentRuns: presentRuns.bind(source),
    readInto: readInto.bind(source),
  };
  const budget = () =>
    new ReadBudget({ reads: 4, readsEach: 4, bytes: 0x1000000 });
  const buffers = new NativeBuffers();
  const plan = { ...{ address, byteLength, pageSize, hasZeropage }, memory };
  const process = new PagedProcess(
    uffd,
    [{ ...plan, origin: 0, idstr: "ram" }],
    {
      ...{ faultAround: PAGE, background: false, retryFor: 1000, buffers },
      ...{ demandReads: budget(), backgroundReads: budget() },
    },
  );
  const failures: unknown[] = [];
  const watch = {
    onChange: () => {},
    onError: (error: unknown) => void failures.push(error),
  };
  /** Serves until a read is under way. */
  const untilRead = async (): Promise<void> => {
    while (source.reads.length === 0) {
      process.readEvents();
      process.serve(watch);
      await setTimeout(1);
    }
  };
  return { native, uffd, source, process, buffers, failures, untilRead };
}

uffdTest("PagedProcess puts in place what has come", async () => {
  const { native, source, process, untilRead, uffd } = setUp();
  const { address } = native;
  const touched = touchPages({ address, pageSize: PAGE, pages: [5] });
  await untilRead();
  source.reads[0]?.finish();
  assert.deepEqual(await touched, [source.byteAt(5 * PAGE)]);
  await process.stop();
  uffd.close();
  native.unmap();
});

uffdTest(
  "PagedProcess.stop() waits for reads under way, which find their buffers and nobody's memory",
  async () => {
    const setup = setUp();
    const { native, source, process, uffd } = setup;
    const { address } = native;
    const touched = touchPages({ address, pageSize: PAGE, pages: [5] });
    await setup.untilRead();
    let isOver = false;
    const stopped = process.stop().then(() => isOver = true);
    setup.buffers[Symbol.dispose]();
    // Most likely its number is that of the next.
    uffd.close();
    using other = Userfaultfd.create();
    assert.deepEqual(await touched, [0]);
    using next = new NativeMemory(PAGE);
    other.register(next.address, PAGE);
    await setTimeout(5);
    assert.equal(isOver, false);
    // Were its buffer unmapped by now, this would end the tests.
    source.reads[0]?.finish();
    await stopped;
    assert.deepEqual(setup.failures, []);
    assert.equal(other.zeropage(next.address, PAGE).length, PAGE);
    other.unregister(next.address, PAGE);
    native.unmap();
  },
);
