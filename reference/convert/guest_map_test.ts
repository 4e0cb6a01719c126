import assert from "node:assert/strict";
import { test } from "node:test";
import { openSnapshot } from "../reading/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { emptyBlock, memoryImage } from "../testing/memory_image.ts";
import { savedFile } from "../testing/saved_file.ts";
import { guestMap } from "./guest_map.ts";
import { GuestMapError } from "./guest_map_error.ts";
import { imageOf } from "./memory_image.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** The RAM of a machine as `address+length@offset`, in MiB. */
async function ram(
  machine: string,
  usedLength: number,
  idstr = "pc.ram",
): Promise<string> {
  const image = memoryImage(machine, [emptyBlock(idstr, usedLength)]);
  const map = await guestMap(image);
  const ranges = map.ranges.filter((it) => it.length >= MIB);
  return ranges.map(({ address, length, offset }) =>
    `${address / MIB}+${length / MIB}@${offset / MIB}`
  ).join(" ");
}

test("guestMap() splits the RAM of i440FX at 3.5 GiB", async () => {
  const machine = "pc-i440fx-10.0";
  assert.equal(await ram(machine, 64 * MIB), "1+63@1");
  assert.equal(await ram(machine, 3583 * MIB), "1+3582@1");
  assert.equal(await ram(machine, 3.5 * GIB), "1+3071@1 4096+512@3072");
  assert.equal(await ram(machine, 5 * GIB), "1+3071@1 4096+2048@3072");
});

test("guestMap() splits the RAM of q35 at 2.75 GiB", async () => {
  const machine = "pc-q35-9.2";
  assert.equal(await ram(machine, 2815 * MIB), "1+2814@1");
  assert.equal(await ram(machine, 2.75 * GIB), "1+2047@1 4096+768@2048");
  assert.equal(await ram(machine, 5 * GIB), "1+2047@1 4096+3072@2048");
});

test("guestMap() knows the machines microvm and none", async () => {
  const idstr = "microvm.ram";
  assert.equal(await ram("microvm", 2 * GIB, idstr), "0+2048@0");
  assert.equal(await ram("microvm", 4 * GIB, idstr), "0+3072@0 4096+1024@3072");
  assert.equal(await ram("none", 5 * GIB, "ram"), "0+5120@0");
});

test("guestMap() knows the machine types of distributions, and refuses others", async () => {
  for (const machine of ["pc-i440fx-rhel7.6.0", "pc-i440fx-2.10", "pc"]) {
    assert.equal(await ram(machine, 4 * GIB), "1+3071@1 4096+1024@3072");
  }
  for (const machine of ["pc-q35-rhel9.4.0", "q35"]) {
    assert.equal(await ram(machine, 4 * GIB), "1+2047@1 4096+2048@2048");
  }
  const strangers = [
    ...["virt-10.0", "pc-i440fx-1.7", "pc-i440fx-2.0", "xpc", "pc-i440fx-"],
    ...["s390-ccw-virtio", "pseries", "isapc", "", "sun4u"],
  ];
  for (const machine of strangers) {
    await assert.rejects(ram(machine, GIB), GuestMapError, machine);
  }
});

test("guestMap() refuses an unknown layout", async () => {
  await assert.rejects(
    ram("pc", GIB, "mem0"),
    /no RAMBlock "pc\.ram" among "mem0"/,
  );
  await assert.rejects(ram("pc", 1020 * GIB), /a hole may be/);
  const unnamed = { ...memoryImage("", []), machine: undefined };
  await assert.rejects(guestMap(unnamed), /it names no machine, expected/);
  const image = memoryImage("pc", [emptyBlock("mem0", 64 * MIB)]);
  const { ranges } = await guestMap(image, { ram: "mem0" });
  assert.deepEqual(ranges.map(({ idstr }) => idstr), ["mem0", "mem0"]);
});

test("guestMap() leaves out the RAM below a display adapter", async () => {
  const blocks = [emptyBlock("pc.ram", 16 * MIB), emptyBlock("vga.vram", MIB)];
  const { ranges, unplaced } = await guestMap(memoryImage("pc", blocks));
  const [first, second] = ranges;
  assert.deepEqual([first?.length, second?.address], [0xa0000, 0x100000]);
  // The address of the adapter itself is not in the state.
  const vram = { idstr: "vga.vram", length: MIB, kind: "video" };
  assert.deepEqual(unplaced, [vram]);
});

test("guestMap() omits no block: each has ranges or is unplaced", async () => {
  const idstrs = [
    ...["pc.ram", "m1", "/objects/m2", "pc.bios", "pc.rom", "vga.vram"],
    ...["/rom@etc/acpi/tables", "0000:00:03.0/e1000.rom", "system.flash0"],
    ...["0000:00:02.0/qxl.vgavram", "nvdimm", "ram-node1"],
  ];
  const blocks = idstrs.map((it) => emptyBlock(it, 16 * MIB));
  const { ranges, unplaced } = await guestMap(memoryImage("pc", blocks));
  const named = new Set([...ranges, ...unplaced].map(({ idstr }) => idstr));
  assert.deepEqual([...named].sort(), idstrs.toSorted());
  const ram = unplaced.filter(({ kind }) => kind === "ram");
  assert.deepEqual(
    ram.map(({ idstr }) => idstr),
    ["m1", "/objects/m2", "nvdimm", "ram-node1"],
  );
});

test("guestMap() adds given ranges to those of the machine", async () => {
  const blocks = [emptyBlock("pc.ram", 64 * MIB), emptyBlock("m1", 128 * MIB)];
  const given = { address: 4 * GIB, length: 128 * MIB, idstr: "m1", offset: 0 };
  const image = memoryImage("pc", blocks);
  const { ranges, unplaced } = await guestMap(image, { ranges: [given] });
  assert.deepEqual(unplaced, []);
  assert.deepEqual(ranges.at(-1), given);
  assert.equal(ranges[0]?.idstr, "pc.ram");
  // On an unknown machine they are the only ranges.
  const other = memoryImage("virt-10.0", blocks);
  const found = await guestMap(other, { ranges: [given] });
  assert.deepEqual(found.ranges, [given]);
  assert.deepEqual(found.unplaced.map(({ idstr }) => idstr), ["pc.ram"]);
});

test("guestMap() places the RAM of NUMA nodes one after the other", async () => {
  const blocks = [emptyBlock("b", 3 * GIB), emptyBlock("a", GIB)];
  const { ranges } = await guestMap(memoryImage("q35", blocks), {
    ram: ["a", "b"],
  });
  const found = ranges.filter(({ length }) => length >= MIB)
    .map(({ address, length, idstr, offset }) => [
      ...[idstr, address / MIB, length / MIB, offset / MIB],
    ]);
  assert.deepEqual(found, [
    ["a", 1, 1023, 1],
    ["b", 1024, 1024, 0],
    ["b", 4096, 2048, 1024],
  ]);
});

test("guestMap() places all RAM of a snapshot made from memory alone", async () => {
  for (const machine of ["pc-i440fx-10.0", "pc-q35-10.0"]) {
    const file = await savedFile(
      { "pc.ram": new Uint8Array(4 * MIB) },
      { machine },
    );
    const image = imageOf(await openSnapshot(memorySource(file)));
    const { ranges } = await guestMap(image);
    assert.deepEqual(ranges, [
      { address: 0, length: 4 * MIB, idstr: "pc.ram", offset: 0 },
    ]);
  }
});
