import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { openFileSource, openSnapshotSync } from "../../../mod.ts";
import { dirtyBitmaps } from "../../../reference/doors/convert.ts";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";

const MIB = 2 ** 20;
const NULL_SIZE = 700 * MIB + 512;

/** Bitmaps to create. */
const BITMAPS = [
  { node: "null0", name: "coarse", granularity: 65536 },
  { node: "null0", name: "fine", granularity: 512 },
  { node: "qcow0", name: "kept", granularity: 4096, persistent: true },
  { node: "qcow0", name: "still", granularity: 32768, disabled: true },
] as const;
const WRITES: Readonly<Record<string, readonly (readonly [number, number])[]>> =
  {
    null0: [[0, 512], [65536, 1024], [512 * MIB, 3 * 65536], [
      NULL_SIZE - 512,
      512,
    ]],
    qcow0: [[4096, 4096], [MIB, 2 * MIB]],
  };

qemuTest(
  "dirtyBitmaps() agrees with QEMU's bitmaps of null-co and qcow2 nodes",
  "x86_64",
  async (scratch) => {
    const directory = scratch.path;
    execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", "q.qcow2", "8M"], {
      cwd: directory,
    });
    await using qemu = await QemuProcess.start({
      target: "x86_64",
      directory,
      args: [
        ...["-M", "none", "-m", "1M"],
        ...["-blockdev", `null-co,node-name=null0,size=${NULL_SIZE}`],
        "-blockdev",
        "qcow2,node-name=qcow0,file.driver=file,file.filename=q.qcow2",
      ],
    });
    for (const bitmap of BITMAPS) {
      const { node, name, granularity } = bitmap;
      await qemu.qmp.execute("block-dirty-bitmap-add", {
        node,
        name,
        granularity,
        persistent: "persistent" in bitmap,
        disabled: "disabled" in bitmap,
      });
    }
    for (const [node, writes] of Object.entries(WRITES)) {
      for (const [offset, length] of writes) {
        await qemu.qmp.monitor(`qemu-io ${node} "write ${offset} ${length}"`);
      }
    }
    const counts = await dirtyCounts(qemu);
    await qemu.save("snapshot", { capabilities: ["dirty-bitmaps"] });

    using source = openFileSource(scratch.file("snapshot"));
    const snapshot = openSnapshotSync(source);
    const ranges = new Map<string, [number, number][]>();
    const found = await dirtyBitmaps(snapshot, {
      onDirty({ name }, { offset, length }) {
        ranges.set(name, [...ranges.get(name) ?? [], [offset, length]]);
      },
    });
    assert.equal(found.length, BITMAPS.length);
    for (const bitmap of BITMAPS) {
      const { node, name, granularity } = bitmap;
      const disabled = "disabled" in bitmap;
      const size = node === "null0" ? NULL_SIZE : 8 * MIB;
      const expected = disabled ? [] : rangesOf(node, granularity, size);
      const dirtyBytes = expected.reduce((sum, [, length]) => sum + length, 0);
      assert.deepEqual(found.find((it) => it.name === name), {
        node,
        name,
        granularity,
        enabled: !disabled,
        complete: true,
        persistent: "persistent" in bitmap,
        dirtyBytes,
        coveredBytes: size,
      });
      assert.deepEqual(ranges.get(name) ?? [], expected);
      // QEMU counts whole granules, even if the last one extends beyond the
      // disk.
      const count = counts.get(name) ?? NaN;
      assert.equal(
        Math.ceil(dirtyBytes / granularity),
        Math.ceil(count / granularity),
      );
    }
  },
);

/** What was written, in whole granules; adjacent ranges are merged. */
function rangesOf(
  node: string,
  granularity: number,
  size: number,
): [number, number][] {
  const dirty = new Set<number>();
  for (const [offset, length] of WRITES[node] ?? []) {
    const end = Math.ceil((offset + length) / granularity);
    for (let it = Math.floor(offset / granularity); it < end; it++) {
      dirty.add(it);
    }
  }
  const ranges: [number, number][] = [];
  for (const granule of [...dirty].sort((a, b) => a - b)) {
    const offset = granule * granularity;
    const length = Math.min(granularity, size - offset);
    const last = ranges.at(-1);
    if (last !== undefined && last[0] + last[1] === offset) last[1] += length;
    else ranges.push([offset, length]);
  }
  return ranges;
}

/** The number of dirty bytes that QEMU reports, by bitmap name. */
async function dirtyCounts(qemu: QemuProcess): Promise<Map<string, number>> {
  const nodes = await qemu.qmp.execute("query-named-block-nodes") as {
    readonly "dirty-bitmaps"?: readonly {
      readonly name: string;
      readonly count: number;
    }[];
  }[];
  return new Map(
    nodes.flatMap((node) => node["dirty-bitmaps"] ?? [])
      .map(({ name, count }) => [name, count]),
  );
}
