import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { serveDestination } from "../qemu/testing/serve_destination.ts";
import { openSnapshot } from "../reading/mod.ts";
import { type ByteSource, memorySource } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";

const PAGE = 4096;
const PAGE_COUNT = 2048;
const EVERY = Array.from({ length: PAGE_COUNT }, (_, page) => page);
const BYTES = await savedFile({ "pc.ram": testMemory(PAGE_COUNT, EVERY) });

/** A remote source whose page reads can be held back. */
class FarSource implements ByteSource {
  readonly name = "far";
  readonly byteLength = BYTES.length;
  readonly parallelReads = 4;
  /** Positions of the reads that are held back. */
  readonly held = new Map<number, () => void>();
  /** The pages whose reads are held back. */
  heldFrom = Infinity;
  readonly #source = memorySource(BYTES);

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    const at = offset - this.heldFrom;
    if (at >= 0 && at < PAGE_COUNT * PAGE) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.held.set(offset, resolve);
      await promise;
      this.held.delete(offset);
    }
    await this.#source.readInto(target, offset);
  }

  /** Answers the reads held back, and holds back those that follow. */
  answer(): void {
    for (const resolve of this.held.values()) resolve();
  }
}

test("PostcopySource.serve() pushes the pages around a requested one", async () => {
  const source = new FarSource();
  const snapshot = await openSnapshot(source);
  const { pagesOffset } = snapshot.block("pc.ram");
  source.heldFrom = pagesOffset;
  const { destination, served } = await serveDestination({}, snapshot);
  using _destination = destination;
  await destination.until(({ items }) => items.includes("command 2 00000004"));
  while (source.held.size < 4) await sleep(1);
  const asked = 1500;
  destination.request("pc.ram", asked * PAGE);
  const reads = () =>
    [...source.held.keys()].map((offset) => (offset - pagesOffset) / PAGE);
  while (!reads().includes(asked)) await sleep(1);
  // The lanes are free once their earlier reads are answered.
  for (const [offset, resolve] of source.held) {
    if ((offset - pagesOffset) / PAGE !== asked) resolve();
  }
  const around = [1472, 1504, 1440, 1536];
  while (!around.every((it) => reads().includes(it))) await sleep(1);
  assert.deepEqual(reads().toSorted((a, b) => a - b), [
    ...[1440, 1472, asked, 1504, 1536],
  ]);
  source.heldFrom = Infinity;
  source.answer();
  await destination.until(({ items }) => items.includes("eof"));
  destination.shut();
  await served;
  const places = destination.pages.map(({ offset }) => offset / PAGE);
  assert.equal(places.length, PAGE_COUNT);
  assert.equal(new Set(places).size, PAGE_COUNT);
});
