/**
 * Checks that saves are right for random memory, page sizes, orders and
 * rewrites, from a seeded generator.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import {
  createSnapshot,
  memorySink,
  memorySource,
  openSnapshot,
  openSnapshotSync,
  rewriteSnapshot,
  saveSnapshot,
  type Snapshot,
  UnsupportedError,
  verifySnapshot,
} from "../../mod.ts";
import { randomNumbers } from "./faults/random_numbers.ts";
import { memoryStore } from "./memory_store.ts";
import { checkFile } from "./properties/testing/check_file.ts";
import { listVectors } from "../vectors/list_vectors.ts";

type Random = (limit: number) => number;
type Memory = Map<string, Uint8Array>;

const NAME_CHARACTERS = "abcXYZ019./:@-_ ~";

function randomName(random: Random, prefix: string): string {
  const length = random(4) === 0 ? 255 - prefix.length : random(12);
  return prefix + Array.from(
    { length },
    () => NAME_CHARACTERS[random(NAME_CHARACTERS.length)],
  ).join("");
}

/** Fills a page with zeros, almost only zeros, or no zeros. */
function fillPage(random: Random, page: Uint8Array): void {
  page.fill(0);
  const kind = random(4);
  if (kind === 1) page[random(page.length)] = 1 + random(255);
  else if (kind === 2) page[page.length - 1] = 0x80;
  else if (kind === 3) page.fill(1 + random(255));
}

/** Fills a random page of memory again. */
function changePage(random: Random, memory: Uint8Array, pageSize: number) {
  const index = random(memory.length / pageSize);
  const start = index * pageSize;
  const page = memory.subarray(start, start + pageSize);
  fillPage(random, page);
  return { index, page };
}

function randomMemory(random: Random, pageSize: number): Memory {
  const memory: Memory = new Map();
  const unit = Math.max(pageSize, 1024);
  for (let count = 1 + random(3); count > 0; count--) {
    const pages = 1 + random(random(2) ? 4 : Math.min(200, 2 ** 20 / unit));
    const bytes = new Uint8Array(unit * pages);
    for (let at = 0; at < bytes.length; at += pageSize) {
      fillPage(random, bytes.subarray(at, at + pageSize));
    }
    memory.set(randomName(random, `${memory.size}`), bytes);
  }
  return memory;
}

function blocksOf(memory: Memory) {
  return [...memory].map(([idstr, bytes]) => ({
    idstr,
    usedLength: bytes.length,
    source: memorySource(bytes),
  }));
}

/** Yields a page size, and memory in such pages, for each round. */
function* rounds(seed: number, count: number) {
  for (let round = 0; round < count; round++) {
    const random = randomNumbers(seed + round);
    const pageSize = 2 ** (8 + round % 13);
    yield { random, pageSize, memory: randomMemory(random, pageSize) };
  }
}

test("saveSnapshot() saves any memory in pages from 256 bytes to 1 MiB", async () => {
  for (const { random, pageSize, memory } of rounds(100, 26)) {
    const sink = memorySink();
    const machine = randomName(random, "m");
    await saveSnapshot(sink, blocksOf(memory), { machine, pageSize });
    const file = sink.bytes();
    await checkFile(file, memory);
    const snapshot = openSnapshotSync(memorySource(file));
    assert.equal(snapshot.machine, machine);
    assert(snapshot.blocks.every((block) => block.pageSize === pageSize));
  }
});

test("createSnapshot() keeps the last state when pages are written in any order", async () => {
  for (const { random, pageSize, memory } of rounds(200, 26)) {
    const sink = memorySink();
    const writer = await createSnapshot(sink, blocksOf(memory), { pageSize });
    for (const bytes of memory.values()) bytes.fill(0);
    const idstrs = [...memory.keys()];
    for (let writes = random(300); writes > 0; writes--) {
      const idstr = idstrs[random(idstrs.length)];
      const bytes = memory.get(idstr)!;
      const { index, page } = changePage(random, bytes, pageSize);
      await writer.block(idstr).writePage(index, page);
    }
    await writer.finish();
    assert.equal(sink.bytes().length, writer.byteLength);
    await checkFile(sink.bytes(), memory);
  }
});

test("rewriteSnapshot() keeps the last state over several rewrites", async () => {
  for (const { random, pageSize, memory } of rounds(300, 26)) {
    const sink = memorySink();
    await saveSnapshot(sink, blocksOf(memory), { pageSize });
    const file = sink.bytes();
    for (let time = 0; time < 3; time++) {
      const rewriter = await rewriteSnapshot(memoryStore(file));
      for (const [idstr, bytes] of memory) {
        for (let writes = random(20); writes > 0; writes--) {
          const { index, page } = changePage(random, bytes, pageSize);
          await rewriter.block(idstr).writePage(index, page);
        }
      }
      await rewriter.finish();
      await checkFile(file, memory);
    }
    assert.equal(file.length, sink.bytes().length);
  }
});

for (const { path, expected, unpack } of listVectors()) {
  if (!/^(valid|qemu)\//.test(path) || expected.error !== undefined) continue;
  test(`saveSnapshot() copies everything except RAM of vectors/${path}`, async () => {
    const bytes = unpack();
    const from = await openSnapshot(memorySource(bytes), expected.options);
    const sink = memorySink();
    const blocks = from.blocks.filter((block) => block.usedLength > 0)
      .map((block) => ({ idstr: block.idstr, source: block }));
    const saving = saveSnapshot(sink, blocks, { deviceStateFrom: from });
    if (from.blocks.some((block) => block.ignored)) {
      return await assert.rejects(saving, UnsupportedError);
    }
    await saving;
    const copied = sink.bytes();
    const to = await openSnapshot(memorySource(copied));
    const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
    if (from.capabilities.join() === "mapped-ram") {
      const { ramSetup, streamOffset } = from.index;
      const setupEnd = ramSetup.offset + ramSetup.length;
      const { end } = await from.deviceState();
      const copiedEnd = to.index.ramSetup.offset + to.index.ramSetup.length;
      assert(same(
        copied.subarray(0, to.index.ramSetup.offset),
        bytes.subarray(streamOffset, ramSetup.offset),
      ));
      assert(same(copied.subarray(copiedEnd), bytes.subarray(setupEnd, end)));
    } else {
      // The capabilities differ, and PART and END are rewritten.
      assert.deepEqual(to.capabilities, ["mapped-ram"]);
      assert.equal(to.machine, from.machine);
      const sections = async (snapshot: Snapshot, file: Uint8Array) =>
        (await snapshot.deviceState()).sections.map(({ range }) =>
          file.slice(range.offset, range.offset + range.length)
        );
      assert.deepEqual(
        await sections(to, copied),
        await sections(from, bytes),
      );
    }
    for (const block of blocks) {
      const { idstr, source } = block;
      const range = { offset: 0, length: source.usedLength };
      const found = await to.block(idstr).readRange(range);
      assert(same(found, await source.readRange(range)), idstr);
    }
    // Defects of the device state are preserved.
    const { findings } = await verifySnapshot(memorySource(copied));
    const expectedRules = new Set<string>(expected.findings);
    assert.deepEqual(
      findings.filter(({ rule }) => !expectedRules.has(rule)),
      [],
    );
  });
}
