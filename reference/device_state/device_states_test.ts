import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../../format/bytes/mod.ts";
import { openSnapshot } from "../reading/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { savedFile } from "../testing/saved_file.ts";
import { deviceStates } from "./device_states.ts";

test("deviceStates() decodes one section of each device", async () => {
  const plain = await savedFile({ ram: new Uint8Array(0x1000) });
  const { index } = await openSnapshot(memorySource(plain));
  const writer = new ByteWriter().bytes(plain.subarray(0, index.ramEnd));
  for (const [id, instance] of [0, 1, 0, 0].entries()) {
    writer.u8(4).be32(id).countedString("dev").be32(instance).be32(1)
      .u8(10 + id).u8(0x7e).be32(id);
  }
  const fields = [{ name: "x", type: "uint8", size: 1 }];
  const devices = [0, 1].map((instance_id) => ({
    name: "dev",
    instance_id,
    vmsd_name: "dev",
    version: 1,
    fields,
  }));
  const text = JSON.stringify({ devices });
  writer.u8(0).u8(6).be32(text.length).text(text);
  const snapshot = await openSnapshot(memorySource(writer.finish()));
  const found = await Array.fromAsync(deviceStates(snapshot));
  assert.deepEqual(
    found.map((it) => it.state?.fields[0].value ?? it.fault),
    [
      ...[10, 11],
      ...new Array(2).fill("the device has a section before this one"),
    ],
  );
});
