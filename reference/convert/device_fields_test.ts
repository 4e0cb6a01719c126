import assert from "node:assert/strict";
import { test } from "node:test";
import type { StreamItem } from "../../format/stream/mod.ts";
import { findLastVmdesc } from "../../format/vmdesc/mod.ts";
import { driveSync, memorySource } from "../sources/mod.ts";
import { readDevices } from "./device_fields.ts";
import type { MemoryImage } from "./memory_image.ts";

/** An image with sections of these instances of a device, `length` bytes each. */
function imageWith(
  instances: readonly number[],
  length: number,
): MemoryImage & { readonly read: number[] } {
  const devices = [...new Set(instances)].map((instance_id) => ({
    name: "cpu",
    instance_id,
    vmsd_name: "cpu",
    version: 1,
    fields: [{ name: "x", type: "buffer", size: length }],
  }));
  const text = new TextEncoder().encode(JSON.stringify({ devices }));
  const file = new Uint8Array(6 + text.length);
  file.set([0, 6]);
  new DataView(file.buffer).setUint32(2, text.length);
  file.set(text, 6);
  const source = memorySource(file);
  const vmdesc = driveSync(findLastVmdesc(source, 0), source);
  assert(vmdesc !== undefined);
  const read: number[] = [];
  const itemLength = length + 22;
  const sections = instances.map((instanceId, index): StreamItem => ({
    kind: "full",
    section: { sectionId: index, idstr: "cpu", instanceId, versionId: 1 },
    range: { offset: index * itemLength, length: itemLength },
  }));
  return {
    name: "image",
    machine: "none",
    blocks: [],
    read,
    devices: {
      source: {
        name: "image",
        byteLength: instances.length * itemLength,
        readInto(_target, offset): Promise<void> {
          read.push(Math.floor(offset / itemLength));
          return Promise.resolve();
        },
      },
      early: [],
      state: () =>
        Promise.resolve({
          sections,
          dirtyBitmaps: [],
          parts: [],
          vmdesc,
          end: 0,
        }),
    },
  };
}

const isCpu = (idstr: string) => idstr === "cpu";

test("readDevices() reads the last state of each device", async () => {
  const image = imageWith([0, 1, 0, 0, 1, 2], 16);
  const found = await readDevices(image, isCpu);
  assert.deepEqual(found.map((it) => it.instanceId), [0, 1, 2]);
  assert.deepEqual(image.read, [3, 4, 5]);
  assert.equal(found[0]?.bytes("x")?.length, 16);
});

test("readDevices() reads no more than 64 MiB of state", async () => {
  const length = 0x1000000;
  assert.equal(
    (await readDevices(imageWith([0, 1, 2, 3], length), isCpu)).length,
    4,
  );
  await assert.rejects(readDevices(imageWith([0, 1, 2, 3, 4], length), isCpu), {
    name: "UnsupportedError",
    rule: "section-known",
    found: /^83886080 bytes of state/,
  });
});
