import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import {
  type ByteSink,
  exportImage,
  memorySink,
  memorySource,
  openSnapshot,
  PageBitmap,
  saveLive,
  saveSnapshot,
} from "../../../mod.ts";
import {
  convertSequential,
  writeSequential,
} from "../../../reference/doors/convert.ts";
import { writeDeviceOnly } from "../../../reference/doors/qemu.ts";

const URL_OF_DEVICES = new URL(
  "../../vectors/valid/devices/snapshot.gz",
  import.meta.url,
);
const snapshot = await openSnapshot(
  memorySource(gunzipSync(readFileSync(URL_OF_DEVICES))),
);
const [block] = snapshot.blocks;
const sequential = memorySink();
await writeSequential(snapshot, sequential);
const ram = {
  idstr: "ram",
  source: memorySource(new Uint8Array(0x1000).fill(1)),
  takeDirty: () => new PageBitmap(1),
};

/** Whatever writes to a sink, and aborts it if that fails. */
const WRITERS: Readonly<Record<string, (sink: ByteSink) => Promise<unknown>>> =
  {
    saveSnapshot: (sink) => saveSnapshot(sink, [ram]),
    saveLive: (sink) => saveLive(sink, [ram], { stop: () => {} }),
    exportImage: (sink) => exportImage(block, sink),
    writeSequential: (sink) => writeSequential(snapshot, sink),
    convertSequential: (sink) =>
      convertSequential(memorySource(sequential.bytes()), sink),
    writeDeviceOnly: (sink) => writeDeviceOnly(snapshot, sink, { mapped: [] }),
  };

for (const [name, write] of Object.entries(WRITERS)) {
  test(`${name}() reports the first failure, not that of the cleanup`, async () => {
    const error = new Error("the disk has failed");
    const fail = () => Promise.reject(error);
    const sink = {
      ...memorySink(),
      write: fail,
      setLength: fail,
      abort: () => Promise.reject(new Error("it cannot be removed")),
    };
    await assert.rejects(write(sink), error);
  });
}
