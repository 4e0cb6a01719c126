import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import {
  type ByteSource,
  memorySource,
  openSnapshot,
  openSnapshotSync,
  type ReadOptions,
  type Snapshot,
  SourceError,
  type SyncByteSource,
  verifySnapshot,
} from "../../../mod.ts";
import { richFile } from "./rich_file.ts";

const { bytes: BYTES } = richFile();

/** A source whose read number `failing` fails, counted from 0. */
class FailingSource implements SyncByteSource {
  readonly name = "failing";
  readonly byteLength: number = BYTES.length;
  reads = 0;
  failing = -1;
  readonly error = new SourceError("failing", "Cannot read today");
  readonly #source = memorySource(BYTES);

  readIntoSync(target: Uint8Array, offset: number): void {
    if (this.reads++ === this.failing) {
      // Bytes that a failed read wrote must not be taken for the file.
      target.fill(0xee);
      throw this.error;
    }
    this.#source.readIntoSync(target, offset);
  }

  async readInto(
    target: Uint8Array,
    offset: number,
    options?: ReadOptions,
  ): Promise<void> {
    await Promise.resolve();
    options?.signal?.throwIfAborted();
    this.readIntoSync(target, offset);
  }
}

/** Reads the whole contents of a snapshot. */
async function readAll(snapshot: Snapshot): Promise<unknown> {
  const blocks = [];
  for (const block of snapshot.blocks) {
    const runs = await Array.fromAsync(block.presentRuns());
    const memory = new Uint8Array(block.usedLength).fill(0xa5);
    for (let page = 0; page < block.pageCount; page++) {
      const start = page * block.pageSize;
      const target = memory.subarray(start, start + block.pageSize);
      await block.readPageInto(target, page);
    }
    blocks.push([block.idstr, runs, Buffer.from(memory).toString("hex")]);
  }
  const { sections, end } = await snapshot.deviceState();
  return { machine: snapshot.machine, blocks, sections, end };
}

async function readWhole(source: ByteSource): Promise<unknown> {
  return readAll(await openSnapshot(source));
}

const EXPECTED = await readWhole(new FailingSource());

test("openSnapshot() passes on the error of a failed read, and works when repeated", async () => {
  const reliable = new FailingSource();
  await openSnapshot(reliable);
  for (let failing = 0; failing < reliable.reads; failing++) {
    const source = new FailingSource();
    source.failing = failing;
    await assert.rejects(openSnapshot(source), source.error);
    assert.deepEqual(await readWhole(source), EXPECTED);

    source.failing = source.reads + failing;
    assert.throws(() => openSnapshotSync(source), source.error);
    assert.deepEqual(await readAll(openSnapshotSync(source)), EXPECTED);
  }
});

test("an open snapshot keeps no data of any failed read", async () => {
  const reliable = new FailingSource();
  const snapshot = await openSnapshot(reliable);
  const opening = reliable.reads;
  await readAll(snapshot);
  for (let failing = opening; failing < reliable.reads; failing++) {
    const source = new FailingSource();
    const same = await openSnapshot(source);
    source.failing = failing;
    await assert.rejects(readAll(same), source.error);
    assert.deepEqual(await readAll(same), EXPECTED, `read ${failing}`);
  }
});

test("a failed read does not affect concurrent ones", async () => {
  for (let failing = 0; failing < 30; failing++) {
    const source = new FailingSource();
    const block = (await openSnapshot(source)).block("a");
    source.failing = source.reads + failing;
    const expected = openSnapshotSync(memorySource(BYTES)).block("a");
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, page) => block.readPage(page)),
    );
    for (const [page, result] of results.entries()) {
      if (result.status === "rejected") {
        assert.equal(result.reason, source.error);
      } else assert.deepEqual(result.value, expected.readPageSync(page));
    }
  }
});

test("an aborted read leaves the snapshot as it was", async () => {
  const source = new FailingSource();
  const reason = new Error("enough");
  const snapshot = await openSnapshot(source);
  const controller = new AbortController();
  const { signal } = controller;
  const reading = snapshot.block("a").readRange(
    { offset: 0, length: 2048 },
    { signal },
  );
  controller.abort(reason);
  await assert.rejects(reading, reason);
  assert.deepEqual(await readAll(snapshot), EXPECTED);
});

test("verifySnapshot() never reports a failed read as a finding", async () => {
  const reliable = new FailingSource();
  await verifySnapshot(reliable, { pages: true });
  for (let failing = 0; failing < reliable.reads; failing++) {
    const source = new FailingSource();
    source.failing = failing;
    await assert.rejects(verifySnapshot(source, { pages: true }), source.error);
  }
});
