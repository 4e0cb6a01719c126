import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../../format/bytes/mod.ts";
import { openSnapshot } from "../reading/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { savedFile } from "../testing/saved_file.ts";
import { describeSnapshot } from "./describe_snapshot.ts";

/**
 * Describes a snapshot with that vmdesc and these device sections, the first of
 * 4 bytes, the others of `length` bytes.
 */
async function describe(
  vmdesc: unknown,
  length = 4,
  idstrs: readonly string[] = ["cpu_common", "cpu"],
) {
  const plain = await savedFile({ "pc.ram": new Uint8Array(0x2000) }, {
    machine: "pc",
  });
  const { index } = await openSnapshot(memorySource(plain));
  const writer = new ByteWriter().bytes(plain.subarray(0, index.ramEnd));
  for (const [id, idstr] of idstrs.entries()) {
    writer.u8(4).be32(id).countedString(idstr).be32(0).be32(3 + id)
      .bytes(new Uint8Array(id === 0 ? 4 : length)).u8(0x7e).be32(id);
  }
  const text = JSON.stringify(vmdesc);
  writer.u8(0).u8(6).be32(text.length).text(text);
  const source = memorySource(writer.finish(), { name: "vm.mr" });
  return await describeSnapshot(await openSnapshot(source));
}

/** A device of 4 bytes, as a vmdesc describes it. */
function device(name: string, more: object = {}) {
  const fields = [{ name: "data", type: "uint32", size: 4 }];
  return { name, instance_id: 0, fields, ...more };
}

test("describeSnapshot() reads the headers and the vmdesc", async () => {
  const { sections, unknown, ...rest } = await describe({
    devices: [
      device("cpu_common", {
        fields: [
          { name: "a", type: "uint8", size: 1, array_len: 2 },
          { name: "b", type: "virtio", size: 2 },
        ],
      }),
      device("cpu"),
    ],
  });
  assert.deepEqual(rest, {
    name: "vm.mr",
    version: undefined,
    runState: undefined,
    machine: "pc",
    pageSize: 4096,
    uuid: undefined,
    capabilities: ["mapped-ram"],
    blocks: [{ idstr: "pc.ram", usedLength: 0x2000 }],
    cpuCount: 1,
    cpuFeatures: {},
    pciDevices: undefined,
    machines: undefined,
  });
  assert.deepEqual(sections, [
    {
      idstr: "cpu_common",
      instanceId: 0,
      versionId: 3,
      fields: [{ name: "a", length: 2 }, { name: "b", length: undefined }],
      subsections: [],
    },
    {
      idstr: "cpu",
      instanceId: 0,
      versionId: 4,
      fields: [{ name: "data", length: 4 }],
      subsections: [],
    },
  ]);
  assert.equal(unknown.length, 1);
});

test("describeSnapshot() derives CPU features from parts of a CPU's state", async () => {
  const subsections = ["cpu/pkru", "cpu/other"]
    .map((vmsd_name) => ({ vmsd_name, fields: [] }));
  const length = subsections.reduce(
    (sum, it) => sum + 1 + 1 + it.vmsd_name.length + 4,
    4,
  );
  const { sections, cpuFeatures } = await describe({
    devices: [device("cpu_common"), device("cpu", { subsections })],
  }, length);
  assert.deepEqual(cpuFeatures, { pku: true });
  assert.deepEqual(sections?.[1].subsections, ["cpu/pkru", "cpu/other"]);
});

test("describeSnapshot() describes each device once, however many sections it has", async () => {
  const idstrs = ["cpu_common", "cpu", "cpu"];
  const devices = [device("cpu_common"), device("cpu")];
  const { sections } = await describe({ devices }, 4, idstrs);
  assert.deepEqual(sections?.map(({ idstr }) => idstr), idstrs);
  assert(sections[1].fields !== undefined);
  assert.equal(sections[1].fields, sections[2].fields);
});

test("describeSnapshot() ignores a nonsensical vmdesc", async () => {
  for (
    const nonsense of [
      { fields: [{ size: 4 }] },
      { fields: [{ size: 4, name: { a: 1 }, type: 7, array_len: 1 }] },
      { fields: [{ size: 4, type: "uint32", name: "__proto__" }] },
      { vmsd_name: 5 },
    ]
  ) {
    const { sections } = await describe({
      devices: [device("cpu_common"), device("cpu", nonsense), null, 5, "x"],
    });
    assert.equal(sections?.length, 2);
  }
  // These give no length, so that nobody knows where the device ends.
  const { sections } = await describe({
    devices: [device("cpu", { subsections: {} })],
  });
  assert.equal(sections, undefined);
});

test("describeSnapshot() reports devices as unknown without a vmdesc", async () => {
  const { sections, cpuCount, unknown } = await describe({ devices: 5 });
  assert.equal(sections, undefined);
  assert.equal(cpuCount, undefined);
  assert.match(unknown.join(), /devices: the snapshot has no vmdesc/);
});
