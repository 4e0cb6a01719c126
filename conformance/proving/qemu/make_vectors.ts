import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expectedFile, expectedRefusal, offsetOf } from "./expected_file.ts";
import { findQemu, qemuVersion } from "./find_qemu.ts";
import { memoryMap } from "./memory_map.ts";
import { decodeTable, ramPartCount } from "./plain_decoder.ts";
import { QemuProcess } from "./qemu_process.ts";
import { expectedSequential } from "./expected_sequential.ts";
import { ScratchDirectory } from "./scratch_directory.ts";
import { loadSequentially } from "./sequential_migration.ts";
import type { VectorCase } from "./vector_case.ts";
import { vectorCases } from "./vector_cases.ts";

/**
 * Regenerates conformance/vectors/qemu with the QEMU in PATH. To be run
 * manually: `deno run -A conformance/proving/qemu/make_vectors.ts [NAME…]`.
 *
 * Each file is compared with the known memory contents, with the pmemsave
 * output of the QEMU that saved it, and with that of a QEMU that loaded it.
 *
 * @module
 */

const VECTORS = fileURLToPath(new URL("../../vectors/qemu/", import.meta.url));
const SNAPSHOT = "snapshot";
const LARGEST_VECTOR = 100 * 1024;

async function makeVector(vector: VectorCase): Promise<void> {
  using scratch = new ScratchDirectory();
  for (const [name, { bytes }] of Object.entries(vector.files)) {
    writeFileSync(scratch.file(name), bytes);
  }
  const transcript = await saveByQemu(vector, scratch);
  const file = readFileSync(scratch.file(SNAPSHOT));
  if (vector.refused === undefined) await loadByQemu(vector, scratch);
  const expected = vector.sequential
    ? expectedSequential(vector, file)
    : vector.refused === undefined
    ? expectedFile(vector, file)
    : expectedRefusal(vector, file);
  const snapshot = gzipSync(file, { level: 9 });
  assert.ok(snapshot.length <= LARGEST_VECTOR, `${snapshot.length} bytes`);

  const folder = join(VECTORS, vector.name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "snapshot.gz"), snapshot);
  writeFileSync(join(folder, "command.txt"), commandText(vector, transcript));
  writeFileSync(
    join(folder, "expected.json"),
    jsonText(expected),
  );
  const parts = vector.sequential
    ? ""
    : `, ${ramPartCount(file, decodeTable(file, offsetOf(vector)))} PARTs`;
  console.log(
    `${vector.name}: ${file.length} bytes, ${snapshot.length} packed${parts}`,
  );
}

async function saveByQemu(
  vector: VectorCase,
  scratch: ScratchDirectory,
): Promise<readonly string[]> {
  const directory = scratch.path;
  await using qemu = await QemuProcess.start({ ...vector, directory });
  await vector.prepare?.(qemu);
  const { save } = vector;
  if (save === undefined) await qemu.save(SNAPSHOT, vector.options);
  else await save(qemu, SNAPSHOT, scratch.file(SNAPSHOT));
  const transcript = [...qemu.transcript];
  await compareWithQemu(vector, qemu, scratch);
  return transcript;
}

async function loadByQemu(
  vector: VectorCase,
  scratch: ScratchDirectory,
): Promise<void> {
  const args = [...vector.args, "-incoming", "defer"];
  const directory = scratch.path;
  await using qemu = await QemuProcess.start({ ...vector, args, directory });
  if (vector.sequential) await loadSequentially(qemu, `file:${SNAPSHOT}`);
  else await qemu.incoming(SNAPSHOT, vector.options);
  await compareWithQemu(vector, qemu, scratch);
}

/** Compares the known memory with QEMU's pmemsave output. */
async function compareWithQemu(
  vector: VectorCase,
  qemu: QemuProcess,
  scratch: ScratchDirectory,
): Promise<void> {
  for (const { name, address, length, offset } of await memoryMap(qemu)) {
    const entry = Object.entries(vector.memory)
      .find(([idstr]) => idstr === name || idstr.endsWith(`/${name}`));
    assert.ok(entry, `no known memory for ${name}`);
    await qemu.pmemsave(address, length, "pmemsave");
    assert.ok(
      readFileSync(scratch.file("pmemsave"))
        .equals(entry[1].subarray(offset, offset + length)),
      `${name} at ${address} is not the known memory`,
    );
  }
}

function commandText(
  vector: VectorCase,
  transcript: readonly string[],
): string {
  return [
    `${vector.name}: ${vector.about}`,
    "",
    `Made by ${qemuVersion(findQemu(vector.target) ?? "")}`,
    "",
    "Files in the directory where QEMU runs:",
    ...Object.entries(vector.files)
      .map(([name, { about }]) => `  ${name}: ${about}`),
    "",
    "The commands; qmp> is a line on the QMP socket (-qmp unix:…), qtest> one",
    "on the qtest socket (-qtest unix:…):",
    ...transcript,
    "",
  ].join("\n");
}

/** JSON with short lists on one line, as `deno fmt` leaves it. */
function jsonText(value: unknown): string {
  const flat = /\[\s+([^[\]{}]+?)\s+\]/g;
  const runs = /^( +"presentRuns": )\[\s+([[\]\d,\s]+?)\s+\](?=,\n +"sha)/gm;
  const oneLine = (list: string) => `[${list.replace(/,\s+/g, ", ")}]`;
  return JSON.stringify(value, null, 2)
    .replace(flat, (_, list: string) => oneLine(list))
    .replace(runs, (all, key: string, list: string) => {
      const line = key + oneLine(list);
      return line.length < 80 ? line : all;
    }) + "\n";
}

const names = process.argv.slice(2);
for (const vector of vectorCases()) {
  if (names.length === 0 || names.includes(vector.name)) {
    await makeVector(vector);
  }
}
