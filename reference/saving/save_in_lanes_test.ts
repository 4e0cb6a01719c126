import assert from "node:assert/strict";
import { renameSync, truncateSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openFileSource } from "../local/mod.ts";
import { openSnapshot } from "../reading/mod.ts";
import { createFileSink, memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { assertSameFile } from "../testing/same_file.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { saveSnapshot } from "./save_snapshot.ts";
import { LENGTH, MIB, save, writeImage } from "./testing/scattered_image.ts";

test("saveSnapshot() writes the same bytes with any number of jobs", async () => {
  using scratch = new ScratchFolder();
  writeImage(scratch.file("image"), LENGTH + 12345);
  for (const pageSize of [256, 4096, 0x100000]) {
    const one = await save(scratch, `one${pageSize}`, { pageSize });
    for (const jobs of [2, 3]) {
      const other = await save(scratch, `${jobs}x${pageSize}`, {
        pageSize,
        jobs,
      });
      assertSameFile(other, one);
    }
  }
});

test("saveSnapshot() saves shared memory with several threads", async () => {
  using scratch = new ScratchFolder();
  const bytes = new Uint8Array(new SharedArrayBuffer(LENGTH));
  for (let at = 0; at < LENGTH; at += 3 * MIB) bytes.fill(5, at, at + MIB);
  const paths = ["one", "two"].map((name) => scratch.file(name));
  for (const [index, path] of paths.entries()) {
    const ram = { idstr: "ram", source: memorySource(bytes) };
    await saveSnapshot(createFileSink(path), [ram], { jobs: index + 1 });
  }
  assertSameFile(paths[1], paths[0]);
});

test("saveSnapshot() saves blocks of another snapshot with several threads", async () => {
  using scratch = new ScratchFolder();
  writeImage(scratch.file("image"));
  const one = await save(scratch, "one", {});
  using source = openFileSource(one);
  const { blocks } = await openSnapshot(source);
  const again = scratch.file("again");
  await saveSnapshot(
    createFileSink(again),
    blocks.map((block) => ({ idstr: block.idstr, source: block })),
    { jobs: 2 },
  );
  assertSameFile(again, one);
});

test("saveSnapshot() reports the progress of its lanes and the share of zeros", async () => {
  using scratch = new ScratchFolder();
  writeFileSync(scratch.file("image"), new Uint8Array(MIB).fill(1));
  truncateSync(scratch.file("image"), LENGTH);
  const seen: number[] = [];
  await save(scratch, "out", {
    jobs: 2,
    onProgress: ({ done, zero = 0 }) => void seen.push(done - zero),
  });
  assert.equal(seen.at(-1), MIB + 0x5000);
});

test("saveSnapshot() with jobs stops at its signal and leaves nothing", async () => {
  using scratch = new ScratchFolder();
  writeFileSync(scratch.file("image"), "");
  truncateSync(scratch.file("image"), 64 * LENGTH);
  const controller = new AbortController();
  const reason = new Error("enough");
  await assert.rejects(
    save(scratch, "out", {
      jobs: 2,
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    }),
    (error) => error === reason,
  );
  assert.deepEqual(scratch.names(), ["image"]);
});

test("saveSnapshot() with jobs refuses an image that was replaced", async () => {
  using scratch = new ScratchFolder();
  writeImage(scratch.file("image"));
  writeImage(scratch.file("other"));
  using image = openFileSource(scratch.file("image"));
  renameSync(scratch.file("other"), scratch.file("image"));
  await assert.rejects(
    saveSnapshot(
      createFileSink(scratch.file("out")),
      [{ idstr: "ram", source: image }],
      { jobs: 2 },
    ),
    { name: "SourceError", message: /there is another file now$/ },
  );
  assert.deepEqual(scratch.names(), ["image"]);
});

test("saveSnapshot() with jobs reports what a lane could not read", async () => {
  using scratch = new ScratchFolder();
  writeImage(scratch.file("image"));
  using image = openFileSource(scratch.file("image"));
  truncateSync(scratch.file("image"), LENGTH - MIB);
  await assert.rejects(
    saveSnapshot(
      createFileSink(scratch.file("out")),
      [{ idstr: "ram", source: image }],
      { jobs: 2 },
    ),
    {
      name: "SourceError",
      source: scratch.file("image"),
      message: /^Cannot read \d+ bytes at 0x\w+ of .*: the file is shorter/,
    },
  );
  assert.deepEqual(scratch.names(), ["image"]);
});

test("saveSnapshot() with direct I/O writes the same pages", async () => {
  using scratch = new ScratchFolder();
  writeImage(scratch.file("image"), 20 * MIB + 777);
  const one = await save(scratch, "one", {});
  for (const jobs of [1, 2]) {
    using image = openFileSource(scratch.file("image"));
    const usedLength = 21 * MIB;
    const path = scratch.file(`direct${jobs}`);
    await saveSnapshot(createFileSink(path), [
      { idstr: "ram", source: image, usedLength },
    ], { jobs, directIo: true });
    using found = openFileSource(path);
    using wanted = openFileSource(one);
    const [ram, copy] = await Promise.all([
      openSnapshot(wanted),
      openSnapshot(found),
    ]);
    assert.deepEqual(
      await copy.block("ram").readRange({ offset: 0, length: usedLength }),
      await ram.block("ram").readRange({ offset: 0, length: usedLength }),
    );
  }
});

test("saveSnapshot() refuses direct I/O where it is impossible", async () => {
  using scratch = new ScratchFolder();
  writeImage(scratch.file("image"), MIB);
  using source = openFileSource(scratch.file("image"));
  const ram = { idstr: "ram", source };
  const directIo = true;
  await assert.rejects(saveSnapshot(memorySink(), [ram], { directIo }), {
    name: "SourceError",
    message: 'Cannot use direct I/O on "memory": it is not a local file',
  });
  const out = scratch.file("out");
  await assert.rejects(
    saveSnapshot(createFileSink(out), [ram], { directIo, pageSize: 512 }),
    { name: "RangeError", message: /512 bytes, expected a multiple of 4096$/ },
  );
  const memory = memorySource(new Uint8Array(MIB), { name: "private" });
  await assert.rejects(
    saveSnapshot(createFileSink(out), [{ idstr: "ram", source: memory }], {
      directIo,
    }),
    { name: "SourceError", source: "private" },
  );
  assert.deepEqual(scratch.names(), ["image"]);
});
