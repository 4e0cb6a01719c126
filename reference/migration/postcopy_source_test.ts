import assert from "node:assert/strict";
import { test } from "node:test";
import {
  RAM,
  serveDestination,
  snapshotOf,
  VGA,
} from "../qemu/testing/serve_destination.ts";
import { openSnapshot } from "../reading/mod.ts";
import { type ByteSource, memorySource, SourceError } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";

const PAGE = 4096;

function pageOf(memory: Uint8Array, offset: number): Uint8Array {
  return memory.slice(offset, offset + PAGE);
}

test("PostcopySource.serve() starts with the same messages as QEMU", async () => {
  const { destination, served } = await serveDestination();
  using _destination = destination;
  await destination.until(({ items }) => items.includes("eof"));
  destination.shut();
  await served;
  assert.deepEqual(destination.items, [
    "machine none",
    "command 1",
    "command 2 00000001",
    "command 3 00000000000010000000000000001000",
    "ram: pc.ram 2457600, vga 32768",
    "command 6 000670632e72616d0000000000000000000000000000258000",
    "command 6 00037667610000000000000000000000000000008000",
    "command 2 00000002",
    // LISTEN, PING 3, RUN.
    `package ${"0800040000" + "080002000400000003" + "0800050000"}`,
    "command 2 00000004",
    "end",
    "eof",
  ]);
});

test("PostcopySource.serve() sends each page once, zero pages last", async () => {
  const { destination, source, served } = await serveDestination();
  using _destination = destination;
  await destination.until(({ items }) => items.includes("eof"));
  destination.shut();
  await served;
  const placeOf = ({ idstr, offset }: { idstr: string; offset: number }) =>
    `${idstr} ${offset / PAGE}`;
  assert.deepEqual(
    destination.pages.slice(0, 9).map(placeOf),
    [0, 1, 2, 5, 300, 301, 302, 599].map((page) => `pc.ram ${page}`)
      .concat("vga 3"),
  );
  for (const { idstr, offset, bytes } of destination.storedPages) {
    assert.deepEqual(bytes, pageOf(idstr === "vga" ? VGA : RAM, offset));
  }
  assert.equal(destination.storedPages.length, 9);
  assert.equal(new Set(destination.pages.map(placeOf)).size, 608);
  assert.equal(destination.pages.length, 608);
  assert.equal(source.statistics.pushedPages, 9);
  assert.equal(source.statistics.pushedZeros, 599);
  assert.equal(source.statistics.requestedPages, 0);
});

test("PostcopySource.serve() answers each request once, also for zero pages", async () => {
  const requests: unknown[] = [];
  const { destination, source, served } = await serveDestination({
    push: false,
    onRequest: (request) => requests.push(request),
  });
  using _destination = destination;
  destination.request("pc.ram", 300 * PAGE);
  destination.request("pc.ram", 300 * PAGE);
  destination.request("vga", 2 * PAGE, 2 * PAGE);
  destination.request("pc.ram", 299 * PAGE, 2 * PAGE);
  await destination.until(({ pages }) => pages.length === 4);
  // Pages read at the same time arrive in any order.
  const [first, second, third, last] = destination.pages.toSorted((a, b) =>
    a.offset - b.offset
  );
  assert.deepEqual(first, { idstr: "vga", offset: 2 * PAGE, bytes: undefined });
  assert.deepEqual(second.bytes, pageOf(VGA, 3 * PAGE));
  assert.equal(third.offset, 299 * PAGE);
  assert.equal(third.bytes, undefined);
  assert.deepEqual(last.bytes, pageOf(RAM, 300 * PAGE));
  assert.equal(source.statistics.requests, 4);
  assert.equal(source.statistics.requestedPages, 4);
  assert.deepEqual(requests[2], { idstr: "vga", first: 2, end: 4 });
  destination.pair.other.destroy();
  await assert.rejects(served, /QEMU closed the connection after 4 pages/);
});

test("PostcopySource.serve() sends whole host pages, in order", async () => {
  const { destination, served } = await serveDestination({
    hugePageSizes: { "pc.ram": 64 * PAGE },
    push: false,
  }, await snapshotOf({ "pc.ram": testMemory(640, [300, 302]), vga: VGA }));
  using _destination = destination;
  destination.request("pc.ram", 300 * PAGE, 64 * PAGE);
  await destination.until(({ pages }) => pages.length === 128);
  destination.request("vga", 0);
  await destination.until(({ pages }) => pages.length === 129);
  assert(
    destination.items.includes("command 3 00000000000410000000000000001000"),
  );
  assert(
    destination.items.includes("ram: pc.ram 2621440 by 262144, vga 32768"),
  );
  // The request touches two host pages; each is sent whole.
  const places = destination.pages.map(({ offset }) => offset / PAGE);
  const halves = [places.slice(0, 64), places.slice(64, 128)];
  assert.deepEqual(
    halves.toSorted(([a], [b]) => a - b),
    [256, 320].map((from) => Array.from({ length: 64 }, (_, at) => from + at)),
  );
  const stored = destination.pages.filter(({ bytes }) => bytes !== undefined);
  assert.deepEqual(stored.map(({ offset }) => offset / PAGE), [300, 302]);
  destination.pair.other.destroy();
  await assert.rejects(served, SourceError);
});

test("PostcopySource.serve() pushes a working set first", async () => {
  const { destination, served } = await serveDestination({
    pushFirst: [
      { idstr: "vga", first: 0, end: 8 },
      { idstr: "pc.ram", first: 301, end: 400 },
      { idstr: "gone", first: 0, end: 1 },
    ],
  });
  using _destination = destination;
  await destination.until(({ items }) => items.includes("eof"));
  destination.shut();
  await served;
  assert.deepEqual(
    destination.storedPages.map(({ offset }) => offset / PAGE),
    [3, 301, 302, 0, 1, 2, 5, 300, 599],
  );
});

test("PostcopySource.serve() sends requested pages first", async () => {
  const memory = testMemory(
    1024,
    Array.from({ length: 1024 }, (_, page) => page),
  );
  const { destination, source, served } = await serveDestination(
    { maxBandwidth: 2 * 1024 * PAGE },
    await snapshotOf({ "pc.ram": memory }),
  );
  using _destination = destination;
  await destination.until(({ pages }) => pages.length > 0);
  destination.request("pc.ram", 1000 * PAGE);
  await destination.until(({ pages }) =>
    pages.some(({ offset }) => offset === 1000 * PAGE)
  );
  assert(destination.pages.length < 900, `${destination.pages.length} pages`);
  await destination.until(({ items }) => items.includes("eof"));
  destination.shut();
  await served;
  assert.equal(source.statistics.requestedPages, 1);
  const offsets = destination.pages.map(({ offset }) => offset);
  assert.equal(new Set(offsets).size, 1024);
  assert.equal(offsets.length, 1024);
});

test("PostcopySource.serve() answers a request for a page that is being pushed", async () => {
  const bytes = await savedFile({ "pc.ram": RAM });
  const whole = memorySource(bytes);
  const gate = Promise.withResolvers<void>();
  const slow: ByteSource = {
    name: "slow",
    byteLength: whole.byteLength,
    async readInto(target, offset, options) {
      if (options?.background) await gate.promise;
      await whole.readInto(target, offset);
    },
  };
  const { destination, source, served } = await serveDestination(
    {},
    await openSnapshot(slow),
  );
  using _destination = destination;
  destination.request("pc.ram", 1 * PAGE);
  await destination.until(({ pages }) => pages.length === 1);
  gate.resolve();
  await destination.until(({ items }) => items.includes("eof"));
  destination.shut();
  await served;
  assert.equal(destination.storedPages.length, 8);
  assert.equal(destination.pages.length, 600);
  assert.equal(source.statistics.requestedPages, 1);
  assert.equal(source.statistics.pushedPages, 7);
});
