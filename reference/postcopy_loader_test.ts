import assert from "node:assert/strict";
import { test } from "node:test";
import { PostcopyLoader } from "./postcopy_loader.ts";
import { SourceError } from "./sources/source_error.ts";
import { SyncPostcopyLoader } from "./postcopy/sync_postcopy_loader.ts";
import { RecordingInstaller } from "./testing/recording_installer.ts";
import { settle, SteppedMemory } from "./testing/stepped_memory.ts";

const PAGE = 16;

interface Setup {
  readonly memory: SteppedMemory;
  readonly installer: RecordingInstaller;
  readonly loader: SyncPostcopyLoader;
}

function setUp(
  pageCount: number,
  options: {
    readonly present?: (page: number) => boolean;
    readonly faultAround?: number;
    readonly parallelReads?: number;
    readonly origin?: number;
    readonly hostPageSize?: number;
    readonly sourcePages?: number;
  } = {},
): Setup {
  const { hostPageSize = PAGE, origin, faultAround = hostPageSize } = options;
  const memory = new SteppedMemory(options.sourcePages ?? pageCount, {
    pageSize: PAGE,
    ...options,
  });
  const installer = new RecordingInstaller(pageCount, hostPageSize);
  const loader = new SyncPostcopyLoader(memory, installer, {
    origin,
    faultAround,
  });
  return { memory, installer, loader };
}

function expectBytes(
  { memory, installer }: Setup,
  options: {
    readonly origin?: number;
    readonly isZero?: (page: number) => boolean;
  } = {},
): void {
  const { origin = 0, isZero = () => false } = options;
  installer.bytes.forEach((byte, at) => {
    const page = Math.floor(at / installer.pageSize);
    const expected = isZero(page) ? 0 : memory.byteAt(origin + at);
    assert.equal(byte, expected, `byte ${at}`);
  });
}

test("PostcopyLoader puts a page in place by one bit: copied or zero", async () => {
  const { loader, installer, memory } = setUp(8, { present: (p) => p !== 3 });
  memory.isFree = true;
  assert.equal(await loader.handleFault(2), true);
  assert.equal(await loader.handleFault(3), true);
  assert.deepEqual(installer.calls, [
    `copy ${2 * PAGE} ${PAGE}`,
    `zeropage ${3 * PAGE} ${PAGE}`,
  ]);
  assert.equal(loader.pendingCount, 6);
});

test("PostcopyLoader brings the run around a fault, zero runs with one call", async () => {
  const setup = setUp(32, {
    faultAround: 8 * PAGE,
    present: (page) => page < 10 || page >= 14,
  });
  setup.memory.isFree = true;
  await setup.loader.handleFault(12);
  assert.deepEqual(setup.installer.calls, [
    `copy ${8 * PAGE} ${2 * PAGE}`,
    `zeropage ${10 * PAGE} ${4 * PAGE}`,
    `copy ${14 * PAGE} ${2 * PAGE}`,
  ]);
});

test("PostcopyLoader lets a fault wait for the page that is on its way", async () => {
  const setup = setUp(8);
  const first = setup.loader.handleFault(5);
  const second = setup.loader.handleFault(5);
  await settle();
  assert.equal(setup.memory.reads.length, 1);
  setup.memory.reads[0]?.finish();
  assert.deepEqual(await Promise.all([first, second]), [true, true]);
  assert.equal(setup.installer.counts[5], 1);
});

test("PostcopyLoader keeps a page pending that cannot be read, and who waits tries", async () => {
  const setup = setUp(8);
  const first = setup.loader.handleFault(5);
  const second = setup.loader.handleFault(5);
  await settle();
  setup.memory.reads[0]?.fail(new SourceError("memory", "gone"));
  await assert.rejects(first, /gone/);
  assert.equal(setup.loader.pendingCount, 8);
  assert.deepEqual(setup.installer.calls, []);
  await settle();
  setup.memory.reads[0]?.finish();
  assert.equal(await second, true);
  assert.equal(setup.loader.pendingCount, 7);
});

test("PostcopyLoader never puts old bytes where pages were removed meanwhile", async () => {
  const setup = setUp(8, { faultAround: 8 * PAGE });
  const fault = setup.loader.handleFault(2);
  await settle();
  setup.loader.handleRemove({ first: 2, end: 4 });
  setup.memory.reads[0]?.finish();
  assert.equal(await fault, true);
  assert.equal(await setup.loader.handleFault(3), true);
  expectBytes(setup, { isZero: (page) => page === 2 || page === 3 });
  // It is zero however often it is removed.
  setup.installer.remove(2, 3);
  setup.loader.handleRemove({ first: 2, end: 3 });
  assert.equal(await setup.loader.handleFault(2), true);
  expectBytes(setup, { isZero: (page) => page === 2 || page === 3 });
});

test("PostcopyLoader gives back what the memory does not take just now", async () => {
  const setup = setUp(8, { faultAround: 8 * PAGE });
  setup.memory.isFree = true;
  setup.installer.limits.push(3 * PAGE);
  assert.equal(await setup.loader.handleFault(5), false);
  assert.equal(setup.loader.pendingCount, 5);
  assert.equal(await setup.loader.handleFault(5), true);
  assert.equal(setup.loader.pendingCount, 0);
  assert.deepEqual(setup.installer.counts, new Array(8).fill(1));
  expectBytes(setup);
});

test("PostcopyLoader wakes who waits for a page in place, and loads it if they come again", async () => {
  const setup = setUp(8);
  setup.memory.isFree = true;
  await setup.loader.handleFault(5);
  assert.equal(await setup.loader.handleFault(5), true);
  assert.deepEqual(setup.installer.calls.slice(1), [
    `wake ${5 * PAGE} ${PAGE}`,
  ]);
  assert.equal(await setup.loader.handleFault(5), true);
  assert.equal(setup.installer.counts[5], 2);
  assert.equal(setup.loader.pendingCount, 7);
});

test("loadPending() loads the rest, each page once, and waits for faults", async () => {
  const setup = setUp(64, { faultAround: 4 * PAGE, parallelReads: 8 });
  const { loader, memory, installer } = setup;
  const fault = loader.handleFault(40);
  await settle();
  const rest = loader.loadPending();
  await settle();
  // Nothing in the background while somebody waits.
  assert.equal(memory.reads.length, 1);
  memory.reads[0]?.finish();
  await fault;
  memory.isFree = true;
  while (memory.reads.length > 0 || loader.pendingCount > 0) {
    memory.reads[0]?.finish();
    await settle();
  }
  await rest;
  assert.deepEqual(installer.counts, new Array(64).fill(1));
  expectBytes(setup);
});

test("loadPending() starts with a working set, and can leave zero pages out", async () => {
  const setup = setUp(64, { present: (page) => page % 16 !== 0 });
  setup.memory.isFree = true;
  await setup.loader.loadPending({
    loadFirst: [{ first: 50, end: 52 }, { first: 20, end: 21 }],
    zeroPages: false,
  });
  assert.deepEqual(setup.installer.calls.slice(0, 2), [
    `copy ${50 * PAGE} ${2 * PAGE}`,
    `copy ${20 * PAGE} ${PAGE}`,
  ]);
  assert.equal(setup.loader.pendingCount, 4);
  await setup.loader.loadPending();
  assert.equal(setup.loader.pendingCount, 0);
  expectBytes(setup);
});

test("loadPending() rejects when something cannot be read, and can be taken up again", async () => {
  const setup = setUp(16);
  const rest = setup.loader.loadPending();
  await settle();
  setup.memory.reads[0]?.fail(new SourceError("memory", "gone"));
  await assert.rejects(rest, /gone/);
  assert.equal(setup.loader.pendingCount, 16);
  setup.memory.isFree = true;
  await setup.loader.loadPending();
  expectBytes(setup);
});

test("loadPending() takes up what a failing fault gave back", async () => {
  const setup = setUp(16, { faultAround: 4 * PAGE, parallelReads: 4 });
  const fault = setup.loader.handleFault(5);
  await settle();
  const rest = setup.loader.loadPending();
  setup.memory.reads[0]?.fail(new SourceError("memory", "gone"));
  setup.memory.isFree = true;
  await assert.rejects(fault, /gone/);
  await rest;
  assert.equal(setup.loader.pendingCount, 0);
  expectBytes(setup);
});

test("PostcopyLoader makes host pages of smaller target pages, and of larger", async () => {
  for (const hostPageSize of [8, 64]) {
    const origin = 32;
    const pageCount = 256 / hostPageSize;
    const setup = setUp(pageCount, {
      ...{ hostPageSize, origin, sourcePages: 17 },
      present: (page) => page % 3 !== 1 || page > 12,
    });
    setup.memory.isFree = true;
    await setup.loader.handleFault(pageCount - 1);
    await setup.loader.loadPending();
    // Behind the end of the source there are zeros.
    expectBytes(setup, { origin });
    assert.deepEqual(setup.installer.counts, new Array(pageCount).fill(1));
  }
});

test("PostcopyLoader refuses pages and sizes that cannot be", async () => {
  const { loader, memory, installer } = setUp(8);
  for (const page of [-1, 8, 1.5, NaN]) {
    await assert.rejects(loader.handleFault(page), RangeError);
  }
  const wrong = [{ origin: -1 }, { faultAround: PAGE + 1 }, { faultAround: 0 }];
  for (const options of wrong) {
    assert.throws(
      () => new PostcopyLoader(memory, installer, options),
      RangeError,
    );
  }
});

/** A small generator of numbers that are the same each time. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

test("PostcopyLoader ends with the right bytes whatever order things happen in", async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = randomNumbers(seed);
    const setup = setUp(48, {
      faultAround: PAGE * (1 << random(4)),
      parallelReads: 1 + random(4),
      present: (page) => (page * 7 + seed) % 5 !== 0,
    });
    const { loader, memory, installer } = setup;
    const removed = new Set<number>();
    const waiting = new Set<number>();
    const fault = (page: number) => {
      waiting.add(page);
      loader.handleFault(page).then((isDone) => {
        if (isDone) waiting.delete(page);
        else fault(page);
      }, () => fault(page));
    };
    const background = async (): Promise<void> => {
      await loader.loadPending({ whenChanged: settle })
        .catch(() => background());
    };
    let rest: Promise<void> | undefined;
    for (let step = 0; step < 60; step++) {
      const kind = random(6);
      if (kind < 2) fault(random(48));
      else if (kind === 2 && step > 20) {
        const first = random(48);
        const end = Math.min(48, first + 1 + random(4));
        for (let page = first; page < end; page++) removed.add(page);
        loader.handleRemove({ first, end });
        installer.remove(first, end);
      } else if (kind === 3) rest ??= background();
      else if (kind === 4) installer.limits.push(random(3) * PAGE);
      else {
        const read = memory.reads[random(memory.reads.length)];
        if (random(4) === 0) read?.fail(new SourceError("memory", "gone"));
        else read?.finish();
      }
      if (random(3) === 0) await settle();
    }
    memory.isFree = true;
    installer.limits.length = 0;
    rest ??= background();
    let isOver = false;
    rest.then(() => isOver = true);
    for (let turn = 0; !isOver || waiting.size > 0; turn++) {
      assert.ok(turn < 1000, `seed ${seed} never ends`);
      memory.reads[0]?.finish();
      await settle();
    }
    assert.equal(loader.pendingCount, 0);
    for (const page of removed) await loader.handleFault(page);
    expectBytes(setup, { isZero: (page) => removed.has(page) });
  }
});

test("SyncPostcopyLoader does the same at once", () => {
  const setup = setUp(64, {
    faultAround: 4 * PAGE,
    present: (page) => page % 5 !== 0,
  });
  const { loader, installer } = setup;
  assert.equal(loader.handleFaultSync(17), true);
  assert.equal(loader.pendingCount, 60);
  // Page 20 is zero; of those behind it only one is taken.
  installer.limits.push(PAGE, PAGE);
  assert.equal(loader.handleFaultSync(22), false);
  assert.equal(loader.handleFaultSync(22), true);
  installer.limits.push(PAGE);
  loader.handleRemove({ first: 30, end: 33 });
  installer.remove(30, 33);
  const steps = [...loader.loadPendingSync({
    loadFirst: [{ first: 60, end: 61 }],
  })];
  assert.equal(steps[0], true);
  assert.ok(steps.length > 1);
  assert.equal(loader.pendingCount, 0);
  for (const page of [30, 31, 32]) loader.handleFaultSync(page);
  expectBytes(setup, { isZero: (page) => page >= 30 && page < 33 });
});
