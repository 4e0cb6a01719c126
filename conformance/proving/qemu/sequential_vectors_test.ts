import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { listVectors } from "../../vectors/list_vectors.ts";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { unknownSection } from "./qemu_words.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";
import { loadSequentially } from "./sequential_migration.ts";

/** QEMU's error for a stream that violates a rule. */
const REFUSALS: Readonly<Record<string, RegExp>> = {
  "record-flags": /Unknown combination of migration flags/,
  "record-block": /Can't find block|bad migration stream/,
  "record-inside-block": /Illegal RAM offset/,
  "record-zero": /Found a zero page with value/,
  "record-xbzrle": /Failed to (load|decompress) XBZRLE page/,
};
/** Streams that QEMU accepts, fails on elsewhere, or has no machine for. */
const NOT_FOR_IT = [
  ...["eos-with-continue", "eos-with-offset", "multifd-flush", "hook"],
  ...["mem-size-again", "other-block", "length-of-three-bytes-large-page"],
];

for (const { path, expected, unpack } of listVectors()) {
  const { machine, pageSize, blocks = [] } = expected.sequential ?? {};
  const [block, ...others] = blocks;
  const fits = machine === "none" && others.length === 0 &&
    block?.idstr === "ram" && block.usedLength % 8192 === 0 &&
    pageSize === 4096;
  if (!fits) continue;
  qemuTest(
    `QEMU loads vectors/${path} as in expected.json, if the machine matches`,
    "x86_64",
    async (scratch) => {
      const memory = await load(scratch, unpack(), block.usedLength);
      if (memory === undefined) return;
      const sha256 = createHash("sha256").update(memory).digest("hex");
      assert.equal(sha256, block.sha256);
    },
  );
}

for (const { path, expected, unpack } of listVectors()) {
  const message = REFUSALS[expected.sequentialError?.rule ?? ""];
  const name = path.split("/").at(-1) ?? "";
  if (message === undefined || NOT_FOR_IT.includes(name)) continue;
  qemuTest(`QEMU refuses vectors/${path}`, "x86_64", async (scratch) => {
    await assert.rejects(load(scratch, unpack(), 0x6000), message);
  });
}

/** The memory after loading; undefined if the machine does not match. */
async function load(
  scratch: ScratchDirectory,
  bytes: Uint8Array,
  byteLength: number,
): Promise<Uint8Array | undefined> {
  writeFileSync(scratch.file("stream"), bytes);
  await using qemu = await QemuProcess.start({
    target: "x86_64",
    directory: scratch.path,
    args: ["-M", "none", "-m", `${byteLength}B`, "-incoming", "defer"],
  });
  try {
    await loadSequentially(qemu, "file:stream");
  } catch (error) {
    const text = `${error}; stderr: ${await qemu.lastWords()}`;
    // No machine has the devices of the vectors.
    if (text.includes(unknownSection(qemu.qmp.version))) return undefined;
    throw new Error(text);
  }
  await qemu.pmemsave(0, byteLength, "memory");
  return readFileSync(scratch.file("memory"));
}
