import assert from "node:assert/strict";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import { createFileSink, memorySink } from "../../sinks/mod.ts";
import { backingOf, setBacking } from "../../sources/mod.ts";
import { ScratchFolder } from "../../testing/scratch_folder.ts";
import { FileGroup, type PendingFile } from "./file_group.ts";
import {
  type Change,
  files,
  NEW,
  OLD,
  texts,
} from "./testing/pending_files.ts";

const BEFORE: Change = () => ({
  commit: () => Promise.reject(new Error("disk on fire")),
});
const AFTER: Change = (sink) => ({
  commit: async () => {
    await sink.commit();
    throw new Error("disk on fire");
  },
});

test("commit() puts all files in place and leaves no others", async () => {
  using scratch = new ScratchFolder();
  using group = new FileGroup(scratch.path);
  assert.deepEqual(group.restored, []);
  await group.commit(await files(scratch));
  group[Symbol.dispose]();
  assert.deepEqual(texts(scratch), NEW);
});

test("commit() undoes its work when one file fails", async () => {
  for (const change of [BEFORE, AFTER]) {
    using scratch = new ScratchFolder();
    const pendingFiles = await files(scratch, change);
    {
      using group = new FileGroup(scratch.path);
      await assert.rejects(group.commit(pendingFiles), /disk on fire/);
    }
    for (const { sink } of pendingFiles) await sink.abort();
    assert.deepEqual(texts(scratch), OLD);
  }
});

test("FileGroup takes link/.. for the folder above the target of the link", async () => {
  using scratch = new ScratchFolder();
  mkdirSync(scratch.file("far/below"), { recursive: true });
  symlinkSync("far/below", scratch.file("link"));
  const folder = `${scratch.path}/link/..`;
  const [one, two] = ["one", "two"].map((name) => {
    for (const place of [scratch.file(name), `${folder}/${name}`]) {
      writeFileSync(place, `old ${place}`);
    }
    const path = `${folder}/${name}`;
    return { path, sink: createFileSink(path, { force: true }) };
  });
  const contents = () =>
    ["one", "two", "far/one", "far/two"].map((name) =>
      readFileSync(scratch.file(name), "utf8")
    );
  const old = contents();
  for (const { sink } of [one, two]) await sink.write(new Uint8Array(1), 0);
  const failing = {
    ...two,
    sink: { ...two.sink, commit: BEFORE(two.sink).commit },
  };
  const backing = backingOf(two.sink);
  if (backing !== undefined) setBacking(failing.sink, backing);
  {
    using group = new FileGroup(folder);
    await assert.rejects(
      group.commit([one, failing as PendingFile]),
      /disk on fire/,
    );
    assert.deepEqual(contents(), old);
  }
  const again = createFileSink(one.path, { force: true });
  await again.write(new Uint8Array(1), 0);
  {
    using group = new FileGroup(folder);
    await group.commit([{ ...one, sink: again }, two]);
  }
  assert.deepEqual(contents(), [old[0], old[1], "\0", "\0"]);
  assert.deepEqual(scratch.names(), ["far", "link", "one", "two"]);
  assert.deepEqual(readdirSync(scratch.file("far")).toSorted(), [
    "below",
    "one",
    "two",
  ]);
});

test("commit() refuses a sink that is not a file before doing anything", async () => {
  using scratch = new ScratchFolder();
  const [first] = await files(scratch);
  using group = new FileGroup(scratch.path);
  const other = { sink: memorySink(), path: scratch.file("m") };
  await assert.rejects(group.commit([first, other]), TypeError);
  assert.equal(readFileSync(first.path, "utf8"), "old a");
});

test("FileGroup refuses a folder that another group is using", () => {
  using scratch = new ScratchFolder();
  using _group = new FileGroup(scratch.path);
  assert.throws(
    () => new FileGroup(scratch.path),
    /^SourceError: Cannot write ".*": process \d+ is writing it; if/,
  );
});

test("FileGroup says why it cannot create a journal", () => {
  using scratch = new ScratchFolder();
  mkdirSync(scratch.file("in"));
  assert.throws(() => new FileGroup(scratch.file("in/no")), /no such file/);
  assert.deepEqual(readdirSync(scratch.file("in")), []);
});
