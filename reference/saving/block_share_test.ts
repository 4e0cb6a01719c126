import assert from "node:assert/strict";
import { test } from "node:test";
import { openFileSource } from "../local/mod.ts";
import { openSnapshotSync } from "../reading/mod.ts";
import { createSnapshot } from "./mod.ts";
import { createFileSink, memorySink } from "../sinks/mod.ts";
import { Thread } from "../threads/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { SharedBlockWriter } from "./block_share.ts";
import type { SharedWriterWork } from "./testing/block_share_worker.ts";

const PAGE = 4096;
const PAGES = 4000;
const THREADS = 3;

/**
 * Runs a thread that writes the pages whose number modulo THREADS is `rest`.
 */
function runThread(work: SharedWriterWork): Promise<void> {
  const url = new URL("./testing/block_share_worker.ts", import.meta.url);
  const worker = new Thread<string>(url);
  return new Promise<void>((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      worker.terminate();
      if (data === "done") resolve();
      else reject(new Error(data));
    };
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(work);
  });
}

test("SharedBlockWriter loses no bit when several threads write", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("vm.mr");
  const writer = await createSnapshot(createFileSink(path), [
    { idstr: "ram", usedLength: PAGES * PAGE },
  ]);
  const block = writer.block("ram");
  const share = await block.share();
  // Different threads write adjacent pages, whose bits share a word.
  await Promise.all(
    Array.from(
      { length: THREADS },
      (_, rest) => runThread({ share, rest, every: THREADS }),
    ),
  );
  await block.writePage(1, new Uint8Array(PAGE).fill(99));
  await writer.finish();
  using source = openFileSource(path);
  const ram = openSnapshotSync(source).block("ram");
  for (let page = 0; page < PAGES; page++) {
    const wanted = page === 1 ? 99 : page % 5 === 0 ? 0 : 1 + page % 250;
    assert.equal(ram.hasPageSync(page), wanted !== 0, `page ${page}`);
    assert.equal(ram.readPageSync(page)[PAGE - 1], wanted);
  }
  assert.deepEqual(scratch.names(), ["vm.mr"]);
});

test("SharedBlockWriter writes zeros over a page that was not zero before", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("vm.mr");
  const writer = await createSnapshot(createFileSink(path), [
    { idstr: "ram", usedLength: 8 * PAGE },
  ]);
  const block = writer.block("ram");
  {
    using shared = new SharedBlockWriter(await block.share());
    assert.equal(shared.writePageSync(3, new Uint8Array(PAGE).fill(5)), true);
    assert.equal(shared.writePageSync(3, new Uint8Array(PAGE)), false);
  }
  await writer.finish();
  using source = openFileSource(path);
  const stored = new Uint8Array(PAGE);
  source.readIntoSync(stored, block.pagesOffset + 3 * PAGE);
  assert(stored.every((byte) => byte === 0));
  assert.equal(openSnapshotSync(source).block("ram").hasPageSync(3), false);
});

test("share() and SharedBlockWriter refuse invalid sinks, pages and files", async () => {
  const blocks = [{ idstr: "ram", usedLength: PAGE }];
  const inMemory = await createSnapshot(memorySink(), blocks);
  await assert.rejects(inMemory.block("ram").share(), {
    name: "SourceError",
    message: 'Cannot share RAMBlock "ram": its sink is not a local file',
  });
  using scratch = new ScratchFolder();
  const sink = createFileSink(scratch.file("vm.mr"));
  const share = await (await createSnapshot(sink, blocks)).block("ram").share();
  {
    using block = new SharedBlockWriter(share);
    const page = new Uint8Array(PAGE);
    for (const index of [-1, 1, 0.5]) {
      assert.throws(() => block.writePageSync(index, page), RangeError);
    }
    assert.throws(() => block.writePageSync(0, page.subarray(1)), RangeError);
  }
  await sink.abort();
  assert.throws(() => new SharedBlockWriter(share), { name: "SourceError" });
});
