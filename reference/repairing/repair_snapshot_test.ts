import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { FormatError, UnsupportedError } from "../../format/rules/mod.ts";
import {
  openSnapshot,
  openSnapshotSync,
  verifySnapshot,
} from "../reading/mod.ts";
import { type ByteStore, memorySink, openFileStore } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { repairSnapshot, saveRepaired } from "./repair_snapshot.ts";

const MEMORY = testMemory(100, [1, 2, 3, 64, 99]);
const ROM = testMemory(4, [0]);
const GOOD = await savedFile({ ram: MEMORY, rom: ROM });
const BROKEN = broken();

/** Returns a background snapshot: the END is a PART, and no bit is set. */
function broken(): Uint8Array<ArrayBuffer> {
  const bytes = GOOD.slice();
  const { index, blocks } = openSnapshotSync(memorySource(bytes));
  bytes[index.ramEnd - 18] = 2;
  for (const { bitmapOffset, pageCount } of blocks) {
    bytes.fill(0, bitmapOffset, bitmapOffset + Math.ceil(pageCount / 8));
  }
  return bytes;
}

/** A store in memory that fails after `writes` writes and logs its calls. */
class FailingStore implements ByteStore {
  readonly name = "store";
  readonly byteLength: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly log: string[] = [];
  #writesLeft: number;

  constructor(bytes: Uint8Array<ArrayBuffer>, writes = Infinity) {
    this.bytes = bytes.slice();
    this.byteLength = bytes.length;
    this.#writesLeft = writes;
  }

  readInto(target: Uint8Array, offset: number): Promise<void> {
    return memorySource(this.bytes).readInto(target, offset);
  }

  // deno-lint-ignore require-await -- errors must become rejections
  async write(bytes: Uint8Array, offset: number): Promise<void> {
    if (this.#writesLeft-- <= 0) throw new Error("power cut");
    this.bytes.set(bytes, offset);
    this.log.push(`write ${bytes.length}`);
  }

  flush(): Promise<void> {
    this.log.push("flush");
    return Promise.resolve();
  }
}

test("repairSnapshot() rebuilds the bitmaps and writes an END in place", async () => {
  await assert.rejects(openSnapshot(memorySource(BROKEN)), {
    rule: "ram-end-present",
  });
  using scratch = new ScratchFolder();
  const path = scratch.file("a");
  writeFileSync(path, BROKEN);
  {
    using store = openFileStore(path);
    const { blocks } = await repairSnapshot(store);
    assert.deepEqual(blocks, [
      { idstr: "ram", pageCount: 100, presentCount: 5 },
      { idstr: "rom", pageCount: 4, presentCount: 1 },
    ]);
  }
  const bytes = new Uint8Array(readFileSync(path));
  assert.deepEqual(bytes, GOOD);
});

test("repairSnapshot() writes the END last, after a flush", async () => {
  const store = new FailingStore(BROKEN);
  await repairSnapshot(store);
  assert.deepEqual(store.log, [
    "write 16",
    "write 8",
    "flush",
    "write 1",
    "flush",
  ]);
});

test("repairSnapshot() can repeat a repair that was interrupted", async () => {
  for (let writes = 0; writes < 3; writes++) {
    const store = new FailingStore(BROKEN, writes);
    await assert.rejects(repairSnapshot(store), /power cut/);
    await assert.rejects(openSnapshot(store), { rule: "ram-end-present" });
    const again = new FailingStore(store.bytes);
    await repairSnapshot(again);
    assert.deepEqual(again.bytes, GOOD);
  }
});

test("saveRepaired() leaves the broken file unchanged", async () => {
  const source = memorySource(BROKEN.slice());
  const sink = memorySink();
  const { blocks } = await saveRepaired(sink, source);
  assert.deepEqual(blocks.map((it) => it.presentCount), [5, 1]);
  const saved = memorySource(sink.bytes());
  const report = await verifySnapshot(saved);
  assert.deepEqual(report.findings, []);
  const block = openSnapshotSync(saved).block("ram");
  assert.deepEqual(
    block.readRangeSync({ offset: 0, length: block.usedLength }),
    MEMORY,
  );
  assert.deepEqual(source.byteLength, BROKEN.length);
});

test("repairSnapshot() refuses files that are not background snapshots", async () => {
  const refused = async (bytes: Uint8Array, what: RegExp) => {
    const store = new FailingStore(new Uint8Array(bytes));
    await assert.rejects(repairSnapshot(store), (error) => {
      assert(error instanceof FormatError, String(error));
      assert.match(error.message, what);
      return true;
    });
    assert.deepEqual(store.log, []);
  };
  const { index } = openSnapshotSync(memorySource(GOOD));
  await refused(BROKEN.subarray(0, index.ramEnd), /not finished/);
  const cut = BROKEN.slice();
  cut.fill(0, index.ramEnd);
  await refused(cut, /without a vmdesc/);
  const set = BROKEN.slice();
  const { bitmapOffset } = openSnapshotSync(memorySource(GOOD)).block("rom");
  set[bitmapOffset] = 2; // page 1 is all zero
  await refused(set, /the bit of page 1 of "rom" is set/);
  await assert.rejects(
    repairSnapshot(new FailingStore(GOOD)),
    (error) => error instanceof RangeError && /has an END/.test(error.message),
  );
  const junk = new FailingStore(new Uint8Array(100));
  await assert.rejects(repairSnapshot(junk), FormatError);
  const fixed = await savedFile({ ram: MEMORY }, {
    layout: "fixed-ram-header",
  });
  const end = openSnapshotSync(memorySource(fixed)).index.ramEnd;
  fixed[end - 18] = 2;
  await refused(fixed, /the layout fixed-ram/);
  await assert.rejects(
    repairSnapshot(new FailingStore(new TextEncoder().encode("x"))),
    (error) => !(error instanceof UnsupportedError),
  );
});
