import assert from "node:assert/strict";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { NO_ZSTD } from "../../format/testing/zstd.ts";
import { openFileSource } from "../local/mod.ts";
import { openQcow2 } from "../qcow2/mod.ts";
import { createFileSink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { packQcow2 } from "./mod.ts";
import { memoryBytes } from "./testing/memory_file.ts";
import {
  assertEqual,
  diskOf,
  inSectors,
  packed,
} from "./testing/packed_bytes.ts";
import {
  checkImage,
  mapOf,
  NO_QEMU_IMG,
  QEMU_IMGS,
  qemuImg,
} from "../testing/qemu_img.ts";

const KIB = 0x400;
const MIB = 0x100000;
const PATIENT = { timeout: 120_000, skip: NO_QEMU_IMG };

for (const compression of ["zlib", "zstd"] as const) {
  for (const clusterSize of [4 * KIB, 64 * KIB, 2 * MIB]) {
    const name = `${compression} in clusters of ${clusterSize / KIB} KiB`;
    const bytes = memoryBytes(9 * MIB + 1234, clusterSize);
    const options = { compression, clusterSize };

    test(
      `packQcow2() packs what qemu-img checks, compares and converts: ${name}`,
      { ...PATIENT, skip: PATIENT.skip || compression === "zstd" && NO_ZSTD },
      async () => {
        using scratch = new ScratchFolder();
        const [raw, image, out] = ["raw", "image", "out"].map((it) =>
          scratch.file(it)
        );
        writeFileSync(raw, bytes);
        writeFileSync(image, await packed(bytes, options));
        for (const program of QEMU_IMGS) {
          assert.equal(checkImage(program, image), undefined);
          qemuImg(program, "compare", "-f", "qcow2", "-F", "raw", image, raw);
          qemuImg(program, "convert", "-O", "raw", image, out);
          assertEqual(readFileSync(out), inSectors(bytes));
          const { format, ...facts } = factsOf(program, image);
          assert.deepEqual(facts, {
            "virtual-size": inSectors(bytes).length,
            "cluster-size": clusterSize,
          });
          assert.equal(format["compression-type"], compression);
        }
      },
    );
  }
}

function factsOf(program: string, path: string) {
  const facts = JSON.parse(qemuImg(program, "info", "--output=json", path));
  return {
    format: facts["format-specific"].data,
    "virtual-size": facts["virtual-size"],
    "cluster-size": facts["cluster-size"],
  };
}

test(
  "packQcow2() packs a source without data, and one of 0 bytes",
  PATIENT,
  async () => {
    using scratch = new ScratchFolder();
    for (const byteLength of [0, 1, 3 * MIB]) {
      const path = scratch.file("image");
      const image = await packed(new Uint8Array(byteLength));
      writeFileSync(path, image);
      for (const program of QEMU_IMGS) {
        assert.equal(checkImage(program, path), undefined);
      }
      const disk = await diskOf(image);
      assertEqual(disk, inSectors(new Uint8Array(byteLength)));
      assert.ok(image.length <= 5 * 64 * KIB, `${image.length}`);
    }
  },
);

test(
  "qemu-img rebases, commits and maps an incremental image",
  PATIENT,
  async () => {
    const base = memoryBytes(20 * MIB, 13);
    const changed = base.slice();
    changed.set(memoryBytes(3 * MIB, 14), 7 * MIB);
    changed.fill(0, MIB, 2 * MIB);
    for (const program of QEMU_IMGS) {
      using scratch = new ScratchFolder();
      const [below, top, raw] = ["base.qcow2", "top.qcow2", "raw"].map((it) =>
        scratch.file(it)
      );
      writeFileSync(raw, changed);
      writeFileSync(below, await packed(base));
      {
        using file = openFileSource(below);
        using source = await openQcow2(file);
        const sink = createFileSink(top);
        const backing = {
          source,
          name: "base.qcow2",
          format: "qcow2",
        } as const;
        await packQcow2(memorySource(changed), sink, { backing });
      }
      assert.ok(statSync(top).size < statSync(below).size / 2);
      assert.equal(checkImage(program, top), undefined);
      qemuImg(program, "compare", "-f", "qcow2", "-F", "raw", top, raw);
      const extents = mapOf(program, top);
      const at = (position: number) =>
        extents.find((it) => it.start + it.length > position);
      assert.equal(at(7 * MIB + 64 * KIB)?.depth, 0);
      assert.equal(at(MIB + 64 * KIB)?.zero, true);
      assert.ok(extents.some(({ depth }) => depth === 1));
      assert.ok(extents.some(({ compressed }) => compressed));

      const alone = scratch.file("alone.qcow2");
      writeFileSync(alone, readFileSync(top));
      qemuImg(program, "rebase", "-b", "", alone);
      assert.equal(checkImage(program, alone), undefined);
      rmSync(raw);
      qemuImg(program, "commit", top); // writes to the base
      assert.equal(checkImage(program, below), undefined);
      for (const path of [alone, below]) {
        qemuImg(program, "convert", "-O", "raw", path, raw);
        assertEqual(readFileSync(raw), changed);
      }
    }
  },
);
