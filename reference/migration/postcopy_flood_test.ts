import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openFileSource } from "../local/mod.ts";
import {
  serveDestination,
  snapshotOf,
} from "../qemu/testing/serve_destination.ts";
import { openSnapshot, openSnapshotSync } from "../reading/mod.ts";
import { createSnapshot } from "../saving/mod.ts";
import { createFileSink } from "../sinks/mod.ts";
import { type ByteSource, memorySource } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";

const PAGE = 4096;
const GIB = 2 ** 30;

/** A memory of this many pages, none of which is zero. */
function fullMemory(pageCount: number): Uint8Array {
  return testMemory(
    pageCount,
    Array.from({ length: pageCount }, (_, at) => at),
  );
}

test("PostcopySource.serve() uses little memory for requests of gigabytes", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("large");
  const usedLength = 32 * GIB;
  const writer = await createSnapshot(createFileSink(path), [
    { idstr: "pc.ram", usedLength },
  ]);
  await writer.finish();
  using file = openFileSource(path);
  const stop = new AbortController();
  const { destination, source, served } = await serveDestination(
    { push: false, signal: stop.signal },
    openSnapshotSync(file),
  );
  using _destination = destination;
  await destination.until(({ items }) => items.includes("command 2 00000004"));
  destination.pair.other.pause();
  const before = process.memoryUsage().heapUsed;
  for (let at = 0; at < 64; at++) {
    destination.request("pc.ram", at * 4 * GIB % usedLength, 4 * GIB - PAGE);
  }
  while (source.statistics.requests < 64) await sleep(1);
  const grown = process.memoryUsage().heapUsed - before;
  assert(grown < 64 * 2 ** 20, `64 requests take ${grown} bytes`);
  const reason = new Error("enough");
  stop.abort(reason);
  await assert.rejects(served, reason);
});

test("PostcopySource.serve() reads no requests from a destination that does not read", async () => {
  const pageCount = 4096;
  const { destination, source, served } = await serveDestination(
    { push: false },
    await snapshotOf({ "pc.ram": fullMemory(pageCount) }),
  );
  using _destination = destination;
  await destination.until(({ items }) => items.includes("command 2 00000004"));
  destination.pair.other.pause();
  for (let page = 0; page < pageCount; page++) {
    destination.request("pc.ram", page * PAGE);
  }
  while (source.statistics.requests < 1024) await sleep(1);
  for (let turn = 0; turn < 100; turn++) await sleep(0);
  // Waiting requests, pages being sent, and the room in the sockets' buffers.
  const { requests } = source.statistics;
  assert(requests < 2048, `${requests} requests were accepted`);
  // Once it reads again, it receives everything that it requested.
  destination.pair.other.resume();
  await destination.until(({ pages }) => pages.length === pageCount);
  destination.pair.other.destroy();
  await assert.rejects(served, /closed the connection/);
});

test("PostcopySource.serve() answers a single page during a request of thousands", async () => {
  const pageCount = 4096;
  const { destination, served } = await serveDestination(
    { push: false },
    await snapshotOf({
      "pc.ram": fullMemory(pageCount),
      vga: testMemory(8, [3]),
    }),
  );
  using _destination = destination;
  destination.request("pc.ram", 0, pageCount * PAGE);
  destination.request("vga", 3 * PAGE);
  await destination.until(({ pages }) => pages.length === pageCount + 1);
  const place = destination.pages.findIndex(({ idstr }) => idstr === "vga");
  assert(place < pageCount / 2, `sent after ${place} others`);
  destination.pair.other.destroy();
  await assert.rejects(served, /closed the connection/);
});

test("PostcopySource.serve() answers a small page while a huge one is read", async () => {
  const size = 64 * 2 ** 20;
  const bytes = await savedFile({
    "pc.ram": testMemory(size / PAGE, [0]),
    vga: testMemory(8, [3]),
  });
  const whole = memorySource(bytes);
  const { pagesOffset } = openSnapshotSync(whole).block("pc.ram");
  const slow: ByteSource = {
    name: "slow",
    byteLength: whole.byteLength,
    async readInto(target, offset) {
      if (offset === pagesOffset) await new Promise(() => {});
      await whole.readInto(target, offset);
    },
  };
  const snapshot = await openSnapshot(slow);
  const { destination, served } = await serveDestination(
    { push: false, hugePageSizes: { "pc.ram": size } },
    snapshot,
  );
  using _destination = destination;
  destination.request("pc.ram", 0);
  destination.request("vga", 3 * PAGE);
  await destination.until(({ pages }) => pages.length === 1);
  assert.equal(destination.pages[0].idstr, "vga");
  destination.pair.other.destroy();
  await assert.rejects(served, /closed the connection/);
});
