import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../../format/bytes/mod.ts";
import { openSnapshot } from "../reading/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { savedFile } from "../testing/saved_file.ts";
import { guestMap } from "./guest_map.ts";
import { imageOf, type MemoryImage } from "./memory_image.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const IDSTR = "0000:00:03.0/virtio-mem-device-early";

/** The vmdesc of a virtio-mem device, as QEMU writes it. */
const DEVICE = {
  name: IDSTR,
  vmsd_name: "virtio-mem-device-early",
  version: 1,
  fields: [
    { name: "tmp", type: "tmp", size: 28 },
    { name: "size", type: "uint64", size: 8 },
    { name: "bitmap", type: "bitmap", size: 16 },
  ],
};

/** The machine. The test state has no clock to tell how its RAM is split. */
const MACHINE = "pc-q35-10.0";

/** A snapshot of these blocks with devices at these addresses. */
async function imageWith(
  blocks: Readonly<Record<string, number>>,
  devices: readonly { readonly address: bigint; readonly length: number }[],
): Promise<MemoryImage> {
  const ram = await savedFile(
    Object.fromEntries(
      Object.entries(blocks).map(([idstr, mebibytes]) => [
        idstr,
        new Uint8Array(mebibytes * MIB),
      ]),
    ),
    { machine: MACHINE },
  );
  const { index } = await openSnapshot(memorySource(ram));
  const writer = new ByteWriter().bytes(ram.subarray(0, index.ramEnd));
  for (const [instance, { address, length }] of devices.entries()) {
    writer.u8(4).be32(instance + 7).countedString(IDSTR).be32(instance).be32(1);
    writer.be64(Number(address)).be64(length * MIB).be64(MIB / 4).be32(0);
    // Of blocks of 256 KiB: 1, 2 and 63 of the first word, 64 of the second.
    writer.be64(MIB).be32(0x80000000).be32(6).be32(0).be32(1);
    writer.u8(0x7e).be32(instance + 7);
  }
  const vmdesc = JSON.stringify({
    page_size: 4096,
    devices: devices.map((_, instance_id) => ({ ...DEVICE, instance_id })),
  });
  writer.u8(0).u8(6).be32(vmdesc.length).text(vmdesc);
  return imageOf(await openSnapshot(memorySource(writer.finish())));
}

test("guestMap() places the plugged parts of a virtio-mem device", async () => {
  const address = BigInt(5 * GIB);
  const image = await imageWith(
    { "pc.ram": 2, "vm0": 32 },
    [{ address, length: 32 }],
  );
  const { ranges, unplaced } = await guestMap(image, { machine: MACHINE });
  assert.deepEqual(unplaced, []);
  assert.deepEqual(
    ranges.filter(({ idstr }) => idstr === "vm0").map((it) => [
      (it.address - 5 * GIB) * 4 / MIB,
      it.length * 4 / MIB,
      it.offset * 4 / MIB,
    ]),
    [[1, 2, 1], [63, 2, 63]],
  );
});

test("guestMap() does not guess the RAMBlock of a virtio-mem device", async () => {
  const devices = [
    { address: BigInt(5 * GIB), length: 16 },
    { address: BigInt(6 * GIB), length: 16 },
  ];
  const cases = [
    [{ "pc.ram": 2, "vm0": 16, "vm1": 16 }, devices], // which is which
    [{ "pc.ram": 2, "vm0": 16, "m1": 16 }, devices.slice(0, 1)],
    [{ "pc.ram": 2, "vm0": 8 }, devices.slice(0, 1)],
  ] as const;
  for (const [blocks, of] of cases) {
    const image = await imageWith(blocks, of);
    const { ranges, unplaced } = await guestMap(image, { machine: MACHINE });
    assert.ok(ranges.every(({ idstr }) => idstr === "pc.ram"));
    assert.deepEqual(
      unplaced.map(({ idstr }) => idstr).sort(),
      Object.keys(blocks).filter((it) => it !== "pc.ram").sort(),
    );
  }
});

test("guestMap() assumes no split if the state of a PC does not contain it", async () => {
  const devices = [{ address: BigInt(5 * GIB), length: 16 }];
  const image = await imageWith({ "pc.ram": 2, "vm0": 16 }, devices);
  await assert.rejects(
    guestMap(image),
    /does not say how much of its 2097152 bytes of RAM is below 4 GiB, expected/,
  );
  const given = { address: 0, length: 2 * MIB, idstr: "pc.ram", offset: 0 };
  const { ranges } = await guestMap(image, { ranges: [given] });
  assert.deepEqual(ranges[0], given);
});
