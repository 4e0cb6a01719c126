import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openQcow2 } from "../../qcow2/mod.ts";
import { openSnapshot } from "../../reading/mod.ts";
import { saveSnapshot } from "../../saving/mod.ts";
import { createFileSink } from "../../sinks/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import { ScratchFolder } from "../../testing/scratch_folder.ts";
import { savedFile, testMemory } from "../../testing/saved_file.ts";
import { packByName } from "./pack_by_name.ts";

const RAM = testMemory(64, [1, 2, 50]);
const BLOCKS = [{ idstr: "ram", source: memorySource(RAM) }];

/** Checks that an image holds the snapshot. */
async function checkImage(path: string): Promise<void> {
  using disk = await openQcow2(memorySource(readFileSync(path)));
  const ram = (await openSnapshot(disk)).block("ram");
  const bytes = new Uint8Array(RAM.length);
  await ram.readInto(bytes, 0);
  assert.deepEqual(bytes, RAM);
}

test("packByName() packs a snapshot when it is committed", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("vm.qcow2");
  await saveSnapshot(await packByName(createFileSink(path), {}), BLOCKS);
  await checkImage(path);
  assert.deepEqual(scratch.names(), ["vm.qcow2"]);

  const plain = scratch.file("vm.mr");
  await saveSnapshot(await packByName(createFileSink(plain), {}), BLOCKS);
  assert.deepEqual(
    new Uint8Array(readFileSync(plain)),
    await savedFile({ ram: RAM }),
  );
});

test("packByName() leaves nothing behind when it is aborted", async () => {
  using scratch = new ScratchFolder();
  const sink = await packByName(createFileSink(scratch.file("vm.qcow2")), {});
  await sink.write(new Uint8Array(10), 0);
  await sink.abort();
  assert.deepEqual(scratch.names(), []);
});

test("packByName() keeps an image that cannot be put in place", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("vm.qcow2");
  const sink = await packByName(createFileSink(path), {});
  writeFileSync(path, "another's");
  await sink.write(await savedFile({ ram: RAM }), 0);
  await assert.rejects(sink.commit(), { name: "SourceError" });
  assert.equal(await sink.keep?.(), `${path}.1`);
  await checkImage(`${path}.1`);
  assert.deepEqual(scratch.names(), ["vm.qcow2", "vm.qcow2.1"]);
});

test("packByName() keeps a snapshot that cannot be packed", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("vm.qcow2");
  const signal = AbortSignal.abort(new Error("stopped"));
  const sink = await packByName(createFileSink(path), { signal });
  const file = await savedFile({ ram: RAM });
  await sink.write(file, 0);
  await assert.rejects(sink.commit(), /stopped/);
  assert.equal(await sink.keep?.(), `${path}.mr`);
  await sink.abort();
  assert.deepEqual(scratch.names(), ["vm.qcow2.mr"]);
  assert.deepEqual(new Uint8Array(readFileSync(`${path}.mr`)), file);
});
