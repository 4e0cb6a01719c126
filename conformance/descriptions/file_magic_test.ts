import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { listVectors } from "../vectors/list_vectors.ts";

const MAGIC = fileURLToPath(new URL("mapped_ram.magic", import.meta.url));
const SKIP = spawnSync("file", ["--version"]).status === 0
  ? false
  : "there is no file(1)";

/** What file(1) says about some vectors. */
const EXPECTED: Readonly<Record<string, string>> = {
  "valid/minimal":
    'QEMU migration stream, version 3, machine "none", mapped-ram snapshot',
  "valid/every-configuration-subsection":
    'QEMU migration stream, version 3, machine "virt-10.0", mapped-ram snapshot',
  "valid/fixed-ram-inline":
    'QEMU migration stream, version 3, machine "none", fixed-ram snapshot',
  "valid/sequential-minimal":
    'QEMU migration stream, version 3, machine "none"',
  "invalid/stream-version/4": "QEMU migration stream, unknown version 4",
  "libvirt/sparse": "libvirt save image, version 2, sparse",
  "valid/libvirt-image-big-endian": "libvirt save image, version 2, big-endian",
  "invalid/libvirt-complete/interrupted": "libvirt save image, unfinished",
  "invalid/stream-magic/zeros": "data",
};

test("file(1) recognizes snapshots by the entry here", { skip: SKIP }, () => {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-file-"));
  try {
    const vectors = new Map(listVectors().map((it) => [it.path, it]));
    for (const [path, expected] of Object.entries(EXPECTED)) {
      const file = join(folder, "snapshot");
      writeFileSync(file, vectors.get(path)?.unpack() ?? new Uint8Array());
      const { stdout, stderr } = spawnSync(
        "file",
        ["--brief", "--magic-file", MAGIC, file],
        { encoding: "utf8", env },
      );
      assert.deepEqual([stdout.trim(), stderr], [expected, ""], path);
    }
    const file = join(folder, "snapshot");
    writeFileSync(file, vectors.get("valid/minimal")?.unpack() ?? "");
    const { stdout } = spawnSync("file", [
      ...["--brief", "--mime-type", "--magic-file", MAGIC, file],
    ], { encoding: "utf8" });
    assert.equal(stdout, "application/vnd.qemu.mapped-ram\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
