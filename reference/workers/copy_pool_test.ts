import assert from "node:assert/strict";
import { truncateSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { LocalFile, nodeFs } from "../local/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { PageBitmap } from "../../format/bitmap/mod.ts";
import { copyPool } from "./copy_pool.ts";
import { laneTask } from "./lane_plan.ts";
import type { LaneTask } from "./lane_task.ts";

const PAGE = 4096;
const LENGTH = 8 * PAGE;

/** A task that copies one file to another; `change` is called before. */
function copyTask(folder: ScratchFolder, change = (_: string) => {}): LaneTask {
  const [from, to] = ["from", "to"].map((name) => {
    const path = folder.file(name);
    writeFileSync(path, new Uint8Array(LENGTH).fill(1));
    using file = new LocalFile(path, nodeFs().constants.O_RDWR);
    return file.backing(path);
  });
  change(from.path);
  const chunks = new PageBitmap(1);
  chunks.set(0);
  return laneTask([{
    block: {
      usedLength: LENGTH,
      from,
      fromOffset: 0,
      fromLength: LENGTH,
      to,
      toOffset: 0,
      wanted: undefined,
      present: undefined,
    },
    chunks,
  }], { pageSize: PAGE, chunkLength: LENGTH, directIo: false });
}

test("LanePool.run() rejects if a thread failed before there was a task", async () => {
  const { Worker } = globalThis;
  class FailingWorker {
    onerror: (event: { message: string; preventDefault(): void }) => void =
      () => assert.fail("the error is lost");

    constructor() {
      queueMicrotask(() =>
        this.onerror({ message: "no such module", preventDefault() {} })
      );
    }

    addEventListener(): void {}
    postMessage(): void {}
    terminate(): void {}
  }
  Object.assign(globalThis, { Worker: FailingWorker });
  try {
    using folder = new ScratchFolder();
    using pool = copyPool(2);
    await Promise.resolve();
    await assert.rejects(
      pool.run(copyTask(folder)),
      /^SourceError: Cannot work in parallel: no such module$/,
    );
  } finally {
    Object.assign(globalThis, { Worker });
  }
});

test("LanePool.run() reports that a file has changed", async () => {
  using folder = new ScratchFolder();
  using pool = copyPool(1);
  const task = copyTask(folder, (path) => truncateSync(path, PAGE));
  await assert.rejects(
    pool.run(task),
    (error) => error instanceof SourceError && error.changed,
  );
});
