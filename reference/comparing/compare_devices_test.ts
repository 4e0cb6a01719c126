import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../../format/bytes/mod.ts";
import { openSnapshot, type Snapshot } from "../reading/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { savedFile } from "../testing/saved_file.ts";
import { compareDevices } from "./compare_devices.ts";

/** A device with one byte of state. */
interface Device {
  readonly idstr: string;
  readonly instanceId?: number;
  readonly versionId?: number;
  /** The version in the vmdesc. Default: `versionId`. */
  readonly described?: number;
  readonly state: number;
}

/** Makes a snapshot with the state of devices. */
async function snapshotOf(devices: readonly Device[]): Promise<Snapshot> {
  const bytes = await savedFile({ ram: new Uint8Array(4096) });
  const { index } = await openSnapshot(memorySource(bytes));
  const writer = new ByteWriter().bytes(bytes.subarray(0, index.ramEnd));
  devices.forEach(({ idstr, instanceId = 0, versionId = 1, state }, id) => {
    writer.u8(4).be32(id + 7).countedString(idstr).be32(instanceId)
      .be32(versionId).u8(state).u8(0x7e).be32(id + 7);
  });
  const described = devices.map((it) => ({
    name: it.idstr,
    instance_id: it.instanceId ?? 0,
    vmsd_name: it.idstr,
    version: it.described ?? it.versionId ?? 1,
    fields: [{ name: "x", type: "uint8", size: 1 }],
  }));
  const vmdesc = JSON.stringify({ page_size: 4096, devices: described });
  const file = writer.u8(0).u8(6).be32(vmdesc.length).text(vmdesc).finish();
  return await openSnapshot(memorySource(file));
}

async function lines(
  a: readonly Device[],
  b: readonly Device[],
): Promise<unknown[]> {
  const found: unknown[] = [];
  const devices = compareDevices(await snapshotOf(a), await snapshotOf(b), {});
  for await (const it of devices) {
    const device = `${it.idstr} ${it.instanceId}`;
    found.push(
      it.kind === "field"
        ? [device, it.field, it.a, it.b]
        : [device, it.a, it.b, it.offset],
    );
  }
  return found;
}

test("compareDevices() compares devices of one name and id, in any order", async () => {
  const a = [
    { idstr: "rtc", state: 1 },
    { idstr: "cpu", state: 2 },
    { idstr: "cpu", instanceId: 1, state: 3 },
    { idstr: "old", state: 4 },
  ];
  const b = [
    { idstr: "cpu", instanceId: 1, state: 9 },
    { idstr: "new", state: 4 },
    { idstr: "rtc", versionId: 2, state: 1 },
    { idstr: "cpu", state: 2 },
  ];
  assert.deepEqual(await lines(a, a), []);
  assert.deepEqual(await lines(a, b), [
    ["rtc 0", "version_id", 1, 2],
    ["rtc 0", "version", 1, 2],
    ["cpu 1", "x", 3, 9],
    ["old 0", 1, undefined, undefined],
    ["new 0", undefined, 1, undefined],
  ]);
});

test("compareDevices() compares versions that a vmdesc tells wrongly", async () => {
  const a = [{ idstr: "rtc", state: 1 }];
  const b = [{ idstr: "rtc", state: 1, versionId: 2, described: 1 }];
  assert.deepEqual(await lines(a, b), [["rtc 0", "version_id", 1, 2]]);
});

test("compareDevices() compares the bytes of a device without known fields", async () => {
  const twice = [{ idstr: "a", state: 1 }, { idstr: "a", state: 1 }];
  assert.deepEqual(await lines(twice, twice), []);
  const other = [
    { idstr: "a", state: 1 },
    { idstr: "a", state: 2, versionId: 3 },
  ];
  assert.deepEqual(await lines(twice, other), [
    ["a 0", "version_id", 1, 3],
    ["a 0", 1, 1, 0],
  ]);
});
