import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { memorySource, verifiedSourceSync } from "../../../mod.ts";
import { HAS_FSVERITY, sealPieces } from "../../vectors/fsverity.ts";
import { plainSidecar } from "../../vectors/sidecar_recipe.ts";
import { findQemu, qemuVersion } from "./find_qemu.ts";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { runMigration } from "./run_migration.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";
import { TRIED_VERSION } from "./trials.ts";

const SPEC = readFileSync(
  new URL("../../../SPEC.md", import.meta.url),
  "utf8",
);

/** Saves the machine of SPEC 7 with its command, and returns the file. */
async function saveExample(scratch: ScratchDirectory): Promise<Buffer> {
  const two = Buffer.alloc(4112);
  two.write("A".repeat(16), 0);
  two.write("B".repeat(16), 4096);
  writeFileSync(scratch.file("two.bin"), two);
  writeFileSync(scratch.file("last.bin"), "LAST PAGE");
  await using qemu = await QemuProcess.start({
    target: "x86_64",
    directory: scratch.path,
    bare: true,
    args: [
      ...["-M", "none", "-m", "1032K", "-nodefaults", "-display", "none"],
      ...["-S", "-accel", "tcg"],
      ...["-device", "loader,file=two.bin,addr=0x3000,force-raw=on"],
      ...["-device", "loader,file=last.bin,addr=0x101000,force-raw=on"],
    ],
  });
  const capabilities = ["mapped-ram", "events"].map((capability) => ({
    capability,
    state: true,
  }));
  await qemu.qmp.execute("migrate-set-capabilities", { capabilities });
  await runMigration(qemu.qmp, "migrate", { uri: "file:example.mr" });
  return readFileSync(scratch.file("example.mr"));
}

async function checkExample(scratch: ScratchDirectory): Promise<void> {
  const bytes = await saveExample(scratch);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  assert(SPEC.includes(`\`${sha256}\``), `its SHA-256 is ${sha256}`);
  if (!HAS_FSVERITY) return;
  const sealed = sealPieces([{ offset: 0, bytes }], []);
  assert(SPEC.includes(`\`${sealed.digest}\``), sealed.digest);
  const sidecar = plainSidecar(sealed);
  const [, section = ""] = /\n### 14\.9 An example([^]*?)\n### /.exec(SPEC) ??
    [];
  const rows = section.matchAll(
    /^\| +(\d+) \| (?:`([0-9a-f ]+)`|zero bytes) /gm,
  );
  let count = 0;
  for (const [, offset, digits] of rows) {
    const at = Number(offset);
    if (digits === undefined) sidecar.fill(0, at, at + 4096);
    else {
      const expected = Buffer.from(digits.replaceAll(" ", ""), "hex");
      assert.deepEqual(
        Buffer.from(sidecar.subarray(at, at + expected.length)),
        expected,
        `at ${at}`,
      );
    }
    count++;
  }
  assert.equal(count, 9);
  // What it calls holes are holes.
  const copy = new Uint8Array(bytes.length);
  verifiedSourceSync(memorySource(bytes), {
    tree: memorySource(sidecar),
    digest: sealed.digest,
  }).readIntoSync(copy, 0);
  assert.deepEqual(copy, new Uint8Array(bytes));
}

const NAME = "QEMU writes the worked example of SPEC.md, byte for byte";
const qemu = findQemu("x86_64");
if (qemu === undefined || qemuVersion(qemu).includes(` ${TRIED_VERSION}`)) {
  qemuTest(NAME, "x86_64", checkExample);
} else {
  const skip = `QEMU is not version ${TRIED_VERSION}`;
  test(`${NAME} (skipped: ${skip})`, { skip }, () => {});
}
