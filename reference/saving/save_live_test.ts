import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { statSync } from "node:fs";
import { test } from "node:test";
import { openFileSource } from "../local/mod.ts";
import { openSnapshotSync } from "../reading/mod.ts";
import { type ByteSink, createFileSink, memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { DirtyPages } from "./dirty_pages.ts";
import type { LiveOptions, LiveRound } from "./live_options.ts";
import { isConverged } from "./live_rounds.ts";
import { saveLive } from "./save_live.ts";

const PAGE = 4096;
const PAGES = 3000;

/** A guest that writes about a tenth of its pages in each round. */
class Guest {
  readonly ram: Uint8Array;
  readonly dirty = new DirtyPages(PAGES);
  running = true;
  #state = 1;

  constructor(buffer: ArrayBufferLike) {
    this.ram = new Uint8Array(buffer);
    for (let page = 0; page < PAGES; page += 3) this.#write(page);
  }

  /** Writes more pages while running, then takes the dirty pages. */
  take() {
    if (this.running) this.work(PAGES / 10);
    return this.dirty.take();
  }

  work(pages: number): void {
    for (let count = 0; count < pages; count++) {
      this.#state = Math.imul(this.#state, 1664525) + 1013904223 >>> 0;
      this.#write((this.#state >>> 8) % PAGES);
    }
  }

  #write(page: number): void {
    // One page in four becomes zero.
    const byte = (this.#state >>> 4) % 4 === 0 ? 0 : 1 + this.#state % 255;
    this.ram.fill(byte, page * PAGE, (page + 1) * PAGE);
    this.dirty.mark(page);
  }
}

function save(
  guest: Guest,
  sink: ByteSink,
  options: Partial<LiveOptions> = {},
) {
  return saveLive(sink, [{
    idstr: "ram",
    source: memorySource(guest.ram),
    takeDirty: () => guest.take(),
  }], {
    stop() {
      guest.work(50);
      guest.running = false;
    },
    ...options,
  });
}

test("saveLive() saves the RAM of the stopped guest with any number of jobs", async () => {
  using scratch = new ScratchFolder();
  for (const jobs of [1, 2, 3]) {
    const guest = new Guest(new SharedArrayBuffer(PAGES * PAGE));
    const path = scratch.file(`jobs${jobs}`);
    const sizes: number[] = [];
    const { rounds, byteLength, blocks } = await save(
      guest,
      createFileSink(path),
      {
        jobs,
        downtimeLimit: 0,
        maxRounds: 20,
        onRound() {
          const [partial] = scratch.names().filter((it) =>
            it.startsWith(`jobs${jobs}.`)
          );
          sizes.push(statSync(scratch.file(partial)).size);
        },
      },
    );
    assert.equal(rounds.length, 21);
    assert.equal(rounds[0].pages, PAGES);
    assert(rounds.slice(1).every(({ pages }) => pages > 0 && pages < 400));
    assert.deepEqual(rounds.map(({ stopped }) => stopped).indexOf(true), 20);
    assert.deepEqual(new Set(sizes), new Set([byteLength]));
    using source = openFileSource(path);
    assert.equal(source.byteLength, byteLength);
    const block = openSnapshotSync(source).block("ram");
    const found = block.readRangeSync({ offset: 0, length: PAGES * PAGE });
    assert.equal(Buffer.compare(found, guest.ram), 0);
    let nonZero = 0;
    for (let page = 0; page < PAGES; page++) {
      if (guest.ram[page * PAGE] !== 0) nonZero++;
    }
    assert.equal(blocks[0].presentCount, nonZero, "zero clears");
    const { pagesOffset } = block;
    const stored = new Uint8Array(PAGES * PAGE);
    source.readIntoSync(stored, pagesOffset);
    assert.equal(Buffer.compare(stored, guest.ram), 0, "also in the file");
  }
});

test("saveLive() stops the guest once the rest fits into the downtime", async () => {
  const guest = new Guest(new ArrayBuffer(PAGES * PAGE));
  let stops = 0;
  const { rounds } = await save(guest, memorySink(), {
    // A tenth of the pages at 1 GB/s takes a millisecond.
    bandwidth: 1e9,
    downtimeLimit: 100,
    stop: () => void (guest.running = stops++ > 0),
  });
  assert.equal(stops, 1);
  assert.equal(rounds.length, 2);
});

test("isConverged() compares dirty bytes with bandwidth × downtime limit", () => {
  const round: LiveRound = {
    number: 1,
    pages: 1000,
    milliseconds: 1000,
    bytesPerSecond: 1e9,
    dirtyBytes: 3e8,
    dirtyBytesPerSecond: 3e8,
    stopped: false,
  };
  assert(isConverged(round, {}));
  assert(!isConverged({ ...round, dirtyBytes: 3e8 + 1 }, {}));
  assert(!isConverged(round, { downtimeLimit: 299 }));
  assert(isConverged(round, { downtimeLimit: 299, bandwidth: 2e9 }));
  assert(isConverged({ ...round, dirtyBytes: 0 }, { downtimeLimit: 0 }));
});

test("saveLive() keeps nothing if stop() fails or the signal is aborted", async () => {
  using scratch = new ScratchFolder();
  const guest = new Guest(new ArrayBuffer(PAGES * PAGE));
  const failure = new Error("it does not stop");
  await assert.rejects(
    save(guest, createFileSink(scratch.file("out")), {
      stop: () => Promise.reject(failure),
    }),
    (error) => error === failure,
  );
  const controller = new AbortController();
  await assert.rejects(
    save(guest, createFileSink(scratch.file("out")), {
      downtimeLimit: 0,
      signal: controller.signal,
      onRound: ({ number }) => number === 5 && controller.abort(failure),
    }),
    (error) => error === failure,
  );
  assert.deepEqual(scratch.names(), []);
});
