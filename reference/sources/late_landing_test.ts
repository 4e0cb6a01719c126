import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { randomNumbers } from "../../format/testing/random_numbers.ts";
import { PostcopyLoader } from "../faulting/mod.ts";
import { openFileSource } from "../local/mod.ts";
import { LentBuffers } from "../testing/lent_buffers.ts";
import { RecordingInstaller } from "../testing/recording_installer.ts";
import { finish } from "../testing/run_unruly.ts";
import { testMemory } from "../testing/saved_file.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { settle, SteppedMemory } from "../testing/stepped_memory.ts";
import { UnrulySource } from "../testing/unruly_source.ts";
import { blobSource } from "./blob_source.ts";
import { cachedSource } from "./cached_source.ts";
import { memorySource } from "./memory_source.ts";
import { SourceError } from "./source_error.ts";

const PAGE = 4096;

test("no page gets the bytes of another after a part of a load has failed", async () => {
  const memory = new SteppedMemory(4, { pageSize: PAGE });
  const source = cachedSource(memory, { blockSize: PAGE / 2 });
  const installer = new RecordingInstaller(4, PAGE);
  const loader = new PostcopyLoader(
    {
      name: "memory",
      byteLength: memory.byteLength,
      pageSize: PAGE,
      presentRuns: (options) => memory.presentRuns(options),
      readInto: (...read) => source.readInto(...read),
    },
    installer,
    { faultAround: PAGE },
  );
  const readAt = (offset: number) => {
    const read = memory.reads.find((it) => it.offset === offset);
    assert(read, `nothing was read at ${offset}`);
    return read;
  };
  // Other reads wait for the first half of both pages.
  const halves = [0, PAGE].map((offset) =>
    source.readInto(new Uint8Array(1), offset)
  );
  const first = loader.handleFault(0);
  await settle();
  readAt(PAGE / 2).fail(new SourceError("memory", "gone"));
  await assert.rejects(first, /gone/);
  // The buffer of the failed load is reused for another page.
  const second = loader.handleFault(1);
  await settle();
  readAt(PAGE).finish();
  await settle();
  readAt(0).finish();
  await settle();
  readAt(PAGE + PAGE / 2).finish();
  assert.equal(await second, true);
  await Promise.all(halves);
  expectPage(1);
  memory.isFree = true;
  assert.equal(await loader.handleFault(0), true);
  expectPage(0);

  function expectPage(page: number): void {
    const found = installer.bytes.subarray(page * PAGE, (page + 1) * PAGE);
    const expected = memory.byteAt(page * PAGE);
    assert.equal(found.findIndex((byte) => byte !== expected), -1);
  }
});

test("no buffer is written after its read was aborted: files, blobs, memory", async () => {
  using scratch = new ScratchFolder();
  const bytes = testMemory(512, [...Array(512).keys()]);
  writeFileSync(scratch.file("a"), bytes);
  using file = openFileSource(scratch.file("a"));
  const sources = {
    file,
    blob: blobSource(new Blob([bytes.slice()])),
    memory: memorySource(bytes),
  };
  const buffers = new LentBuffers();
  for (const [name, source] of Object.entries(sources)) {
    const reads = Array.from({ length: 20 }, async (_, index) => {
      const controller = new AbortController();
      const { signal } = controller;
      const lent = buffers.lend(
        bytes,
        `${name}, read ${index}`,
        (target) => source.readInto(target, 0, { signal }),
      );
      for (let turn = 0; turn < index; turn++) await Promise.resolve();
      controller.abort(new Error("enough"));
      await lent;
    });
    await Promise.all(reads);
    await source.readInto(new Uint8Array(bytes.length), 0);
  }
  buffers.check();
});

test("close() lets pending reads finish normally", async () => {
  using scratch = new ScratchFolder();
  const length = 0x100000;
  writeFileSync(scratch.file("a"), new Uint8Array(16 * length).fill(1));
  writeFileSync(scratch.file("b"), new Uint8Array(16 * length).fill(2));
  const file = openFileSource(scratch.file("a"));
  const reads = Array.from({ length: 16 }, async (_, index) => {
    const target = new Uint8Array(length);
    await file.readInto(target, index * length);
    return target;
  });
  file.close();
  // If the first file were closed, this one would get its descriptor.
  using _other = openFileSource(scratch.file("b"));
  for (const target of await Promise.all(reads)) {
    assert.deepEqual([target[0], target[length - 1]], [1, 1]);
  }
  await assert.rejects(file.readInto(new Uint8Array(1), 0), /it was closed$/);
});

test("an abort ends a read soon even if others wait for the same block", async () => {
  const unruly = new UnrulySource(new Uint8Array(16 * PAGE), randomNumbers(1), {
    failing: 0,
  });
  const source = cachedSource(unruly, { blockSize: 1024 });
  const other = source.readInto(new Uint8Array(PAGE), 0);
  const reason = new Error("enough");
  const controller = new AbortController();
  const { signal } = controller;
  const target = new Uint8Array(PAGE);
  const given = assert.rejects(source.readInto(target, 0, { signal }), reason);
  const background = assert.rejects(
    source.readInto(target, 5 * PAGE, { signal, background: true }),
    reason,
  );
  controller.abort(reason);
  await given; // no step was made: no bytes have arrived
  await background;
  target.fill(7);
  await finish(unruly, other);
  assert(target.every((byte) => byte === 7));
});
