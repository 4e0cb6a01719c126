import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { memorySource, openSnapshot } from "../../mod.ts";
import {
  readProfile,
  snapshotIdentity,
  writeProfile,
} from "../../reference/doors/qemu.ts";

const SPEC = readFileSync(
  fileURLToPath(new URL("../../SPEC.md", import.meta.url)),
  "utf8",
);
const ANNEX = SPEC.slice(SPEC.indexOf("\n## 12 "));

/**
 * Makes the file of SPEC 7 from its dumps, with a vmdesc that gives the same
 * lengths as the one that the dumps cut off.
 */
function workedExample(): Uint8Array {
  const vmdesc = new TextEncoder().encode(JSON.stringify({
    devices: [
      device("timer", [8, 8, 8]),
      device("globalstate", [4, 32, 1, 1, 66]),
    ],
  }));
  const bytes = new Uint8Array(0x2020f2 + vmdesc.length);
  const rows = SPEC.matchAll(/^([0-9a-f]{8}): ((?:[0-9a-f]{2} ){16}) /gm);
  let count = 0;
  for (const [, position, row] of rows) {
    const at = parseInt(position, 16);
    const values = row.trim().split(" ").map((it) => parseInt(it, 16));
    bytes.set(values.slice(0, Math.max(0, 0x2020f2 - at)), at);
    count++;
  }
  assert(count > 20, "SPEC 7 has its dumps");
  new DataView(bytes.buffer).setUint32(0x2020ee, vmdesc.length);
  bytes.set(vmdesc, 0x2020f2);
  return bytes;
}

function device(name: string, sizes: readonly number[]) {
  return { name, instance_id: 0, fields: sizes.map((size) => ({ size })) };
}

test("the worked example has the identity given in SPEC.md", async () => {
  const snapshot = await openSnapshot(memorySource(workedExample()));
  const identity = await snapshotIdentity(snapshot);
  const stated = /worked example \(section 7\) is\s+`([0-9a-f]{64})`/
    .exec(ANNEX)?.[1];
  assert.equal(identity, stated);
});

test("SPEC.md's example is a profile in the form that this code writes", () => {
  const [, text] = /```\n(mapped-ram-profile[^`]*)```/.exec(ANNEX) ?? [];
  assert(text !== undefined);
  const profile = readProfile(text);
  assert.deepEqual(profile.blocks.map(({ idstr }) => idstr), [
    "pc.ram",
    "/rom@etc/acpi/tables",
  ]);
  assert.deepEqual(profile.runs, [
    { idstr: "pc.ram", first: 16384, end: 16386 },
    { idstr: "/rom@etc/acpi/tables", first: 0, end: 1 },
    { idstr: "pc.ram", first: 5, end: 21 },
  ]);
  assert.equal(writeProfile(profile), text);
});
