import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { closeSync, openSync, writeSync } from "node:fs";

import { test } from "node:test";
import { openFileSource } from "../local/mod.ts";
import { createFileSink, memorySink } from "../sinks/mod.ts";
import { type ByteSource, memorySource, SourceError } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { WatchedSink } from "../testing/watched_sink.ts";
import { WatchedSource } from "../testing/watched_source.ts";
import { verifiedSource } from "../verity/mod.ts";
import { sealSource, verityDigest } from "./seal_source.ts";
import { BLOCK, mixedBytes, sparseFile, UNIT } from "./testing/mixed_data.ts";

test("sealSource() makes the same with any number of threads", async () => {
  using folder = new ScratchFolder();
  const path = folder.file("data");
  sparseFile(path, 3 * UNIT + 12_345, {
    0: 0x20000,
    [UNIT - 5000]: 10_000,
    [2 * UNIT + 0x80000]: 0x80000,
  });
  using source = openFileSource(path);
  const alone = memorySink();
  const summary = await sealSource(source, alone);
  let last = 0;
  const place = folder.file("sidecar");
  const inThreads = await sealSource(source, createFileSink(place), {
    jobs: 3,
    onProgress: ({ done }) => last = done,
  });
  assert.deepEqual(inThreads, summary);
  assert.equal(last, source.byteLength);
  using made = openFileSource(place);
  const sidecar = new Uint8Array(made.byteLength);
  made.readIntoSync(sidecar, 0);
  assert.ok(Buffer.from(sidecar).equals(alone.bytes()));
});

/** A huge file, of which only one block is not zero. */
class HugeSource implements ByteSource {
  readonly name = "huge";
  readonly byteLength: number;
  readonly #at: number;
  /** Bytes read so far. */
  bytesRead = 0;

  constructor(byteLength: number, at: number) {
    this.byteLength = byteLength;
    this.#at = at;
  }

  readInto(target: Uint8Array, offset: number): Promise<void> {
    this.bytesRead += target.length;
    target.fill(0);
    const at = this.#at - offset;
    if (at >= 0 && at < target.length) target[at] = 1;
    return Promise.resolve();
  }
}

/** A sidecar of any length in memory: what was written, by position. */
class SparseSidecar implements ByteSource {
  readonly name = "sidecar";
  byteLength = 0;
  readonly #blocks = new Map<number, Uint8Array>();

  get blockCount(): number {
    return this.#blocks.size;
  }

  setLength(byteLength: number): Promise<void> {
    this.byteLength = byteLength;
    return Promise.resolve();
  }

  write(bytes: Uint8Array, offset: number): Promise<void> {
    for (let at = 0; at < bytes.length; at += BLOCK) {
      this.#blocks.set(offset + at, bytes.slice(at, at + BLOCK));
    }
    return Promise.resolve();
  }

  readInto(target: Uint8Array, offset: number): Promise<void> {
    target.fill(0);
    for (let at = 0; at < target.length; at += BLOCK) {
      target.set(this.#blocks.get(offset + at) ?? [], at);
    }
    return Promise.resolve();
  }

  async flush(): Promise<void> {}
  async commit(): Promise<void> {}
  async abort(): Promise<void> {}
}

for (const length of [2 ** 40, 2 ** 40 + 5, Number.MAX_SAFE_INTEGER]) {
  test(`sealSource() hashes only the data of a file of ${length} bytes`, async () => {
    const at = 3 * UNIT + 17;
    const source = new HugeSource(length, at);
    const tree = new SparseSidecar();
    const { digest, sidecarLength } = await sealSource(source, tree, {
      dataRanges: [{ offset: at - 17, length: BLOCK }],
    });
    assert.ok(source.bytesRead <= 0x40000, `${source.bytesRead} bytes read`);
    assert.ok(tree.blockCount <= 16, `${tree.blockCount} blocks`);
    assert.equal(tree.byteLength, sidecarLength);
    const checked = await verifiedSource(source, { tree, digest });
    const bytes = new Uint8Array(100);
    for (const offset of [0, at - 50, UNIT * 128, length - 100]) {
      await checked.readInto(bytes, offset);
      assert.equal(bytes.indexOf(1), offset === at - 50 ? 50 : -1);
    }
  });
}

test("sealSource() writes no constants, though their zeros were read", async () => {
  const source = new HugeSource(2 ** 40, 3 * UNIT + 17);
  const tree = new SparseSidecar();
  await sealSource(source, tree, {
    // Chunks below the first two blocks of level 3.
    dataRanges: Array.from({ length: 256 }, (_, unit) => ({
      offset: unit * UNIT,
      length: 1,
    })),
  });
  // The descriptor, and the path of the only block that is not zero.
  assert.equal(tree.blockCount, 5);
});

test("sealSource() takes data ranges that overlap, or end past the source", async () => {
  const bytes = new Uint8Array(0x123456);
  bytes.fill(7, 0x50000, 0x51001);
  const source = memorySource(bytes);
  const expected = await verityDigest(source);
  const digest = await verityDigest(source, {
    dataRanges: [
      { offset: 0x4ffff, length: 0x1000 },
      { offset: 0x50000, length: 0x1001 },
      { offset: 0x100000, length: 2 ** 40 },
      { offset: 2 ** 41, length: 1 },
    ],
  });
  assert.equal(digest, expected);
});

test("sealSource() refuses data ranges that are not in order", async () => {
  const source = new HugeSource(4 * UNIT, 0);
  await assert.rejects(
    sealSource(source, memorySink(), {
      dataRanges: [{ offset: UNIT, length: 1 }, { offset: 0, length: 1 }],
    }),
    /^RangeError: Cannot use the data range at 0: expected ranges in order$/,
  );
});

test("sealSource() reports holes as skipped", async () => {
  const source = new HugeSource(4 * UNIT, 0);
  const seen: unknown[] = [];
  await verityDigest(source, {
    dataRanges: [{ offset: 0, length: 1 }],
    onProgress: (progress) => seen.push(progress),
  });
  const total = 4 * UNIT;
  const skipped = total - 0x40000;
  const zero = total - BLOCK;
  assert.deepEqual(seen, [{ idstr: "", done: total, total, skipped, zero }]);
});

for (const jobs of [1, 2]) {
  test(`sealSource() rejects if the file changes meanwhile, with ${jobs} jobs`, async () => {
    using folder = new ScratchFolder();
    const path = folder.file("data");
    sparseFile(path, 2 * UNIT, { 0: 1 });
    using source = openFileSource(path);
    const fd = openSync(path, "r+");
    const sealing = sealSource(source, createFileSink(folder.file("made")), {
      jobs,
      onProgress: () => writeSync(fd, "x", 5000),
    });
    await assert.rejects(
      sealing,
      (error) => error instanceof SourceError && error.changed,
    );
    closeSync(fd);
    assert.deepEqual(folder.names(), ["data"]);
  });

  test(`sealSource() stops when it is aborted, with ${jobs} jobs`, async () => {
    using folder = new ScratchFolder();
    const path = folder.file("data");
    sparseFile(path, 2 * UNIT, { 0: 1 });
    using source = openFileSource(path);
    const controller = new AbortController();
    const reason = new Error("enough");
    const sealing = sealSource(source, createFileSink(folder.file("made")), {
      jobs,
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await assert.rejects(sealing, reason);
    assert.deepEqual(folder.names(), ["data"]);
  });
}

test("sealSource() aborts the sink after any failure", async () => {
  const bytes = mixedBytes(300 * BLOCK, 1);
  const good = new WatchedSink(memorySink());
  await sealSource(memorySource(bytes), good);
  const { calls } = good;
  assert.equal(calls.at(-1), "commit");
  for (let failing = 0; failing < calls.length; failing++) {
    const sink = new WatchedSink(memorySink());
    sink.failing = failing;
    await assert.rejects(sealSource(memorySource(bytes), sink), sink.error);
    assert.equal(sink.calls.at(-1), "abort");
  }
  const source = new WatchedSource(bytes);
  source.failing.add(2);
  const sink = new WatchedSink(memorySink());
  await assert.rejects(sealSource(source, sink), source.error);
  assert.equal(sink.calls.at(-1), "abort");
});
