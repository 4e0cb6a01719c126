import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  createFileSink,
  openFileSource,
  openSnapshotSync,
  saveSnapshot,
  verifySnapshot,
} from "../../../mod.ts";
import { randomNumbers } from "./random_numbers.ts";

const KILLS = 200;
const CHILD = fileURLToPath(new URL("saver_child.ts", import.meta.url));
/** Large enough for two threads; mostly holes. */
const LENGTH = 0x9000000;
const PAGE = 4096;
const STORED = 200;

/** Writes an image whose stored pages consist of `byte`. */
function writeImage(path: string, byte: number): void {
  const fd = openSync(path, "w");
  ftruncateSync(fd, LENGTH);
  for (let page = 0; page < STORED; page++) {
    const bytes = new Uint8Array(PAGE).fill(byte);
    writeSync(fd, bytes, 0, PAGE, placeOf(page, byte));
  }
  closeSync(fd);
}

/** Returns the position of a page: some are in both images, some in one. */
function placeOf(page: number, byte: number): number {
  return (page * 151 + (page % 2) * byte) * PAGE;
}

/**
 * Returns which image a file holds; it must be valid, and hold one completely.
 */
async function imageIn(path: string): Promise<number> {
  using source = openFileSource(path);
  const { good, findings } = await verifySnapshot(source);
  assert(good, `${path}: ${findings.map(String)}`);
  const block = openSnapshotSync(source).block("ram");
  const byte = block.readPageSync(0)[0];
  let stored = 0;
  for (const { first, end } of block.presentRunsSync()) stored += end - first;
  assert.equal(stored, STORED);
  const expected = new Uint8Array(PAGE).fill(byte);
  for (let page = 0; page < STORED; page++) {
    const found = block.readPageSync(placeOf(page, byte) / PAGE);
    assert.equal(Buffer.compare(found, expected), 0, `${path}: page ${page}`);
  }
  return byte;
}

/** Starts a saver and kills it that many milliseconds after it began. */
async function killSaver(
  args: readonly string[],
  milliseconds: number,
): Promise<string> {
  const run = process.versions.deno === undefined
    ? []
    : ["run", "--quiet", "--allow-all", "--no-check"];
  const child = spawn(process.execPath, [...run, CHILD, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { stdout, stderr, pid } = child;
  assert(stdout !== null && stderr !== null && pid !== undefined);
  let errors = "";
  stderr.on("data", (bytes) => errors += bytes);
  const closed = once(child, "close");
  await Promise.race([once(stdout, "data"), closed]);
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has already failed; `errors` contains the reason.
  }
  await closed;
  return errors;
}

test(`a save killed at ${KILLS} random moments never loses the file`, {
  timeout: 900_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-kill-"));
  const target = join(folder, "vm.mr");
  const images = [1, 2].map((byte) => join(folder, `image${byte}`));
  try {
    images.forEach((path, index) => writeImage(path, index + 1));
    using source = openFileSource(images[0]);
    const ram = { idstr: "ram", source };
    await saveSnapshot(createFileSink(target), [ram]);
    const counts = { left: 0, resumed: 0, one: 0, other: 0, whole: 0 };
    const random = randomNumbers(200);
    let left: string | undefined;
    for (let kill = 0; kill < KILLS; kill++) {
      const resume = left !== undefined && kill % 3 === 0;
      if (resume) counts.resumed++;
      const order = kill % 2 === 0 ? images : images.toReversed();
      const args = [target, String(1 + kill % 2), String(resume), ...order];
      const errors = await killSaver(args, random(250));
      assert.equal(errors, "");
      if (await imageIn(target) === 1) counts.one++;
      else counts.other++;
      const partials = readdirSync(folder).filter((it) =>
        it.endsWith(".partial")
      );
      // That of this save, or an earlier one that it had not removed yet.
      assert(partials.length <= 1, `${partials}`);
      left = partials[0];
      if (left === undefined) continue;
      counts.left++;
      if (await isGood(join(folder, left))) counts.whole++;
      const { size } = statSync(join(folder, left));
      assert(size === 0 || size > LENGTH, `${size} bytes: its size at once`);
    }
    assert.equal(counts.one + counts.other, KILLS);
    assert(counts.left > KILLS / 4, "most kills hit a save");
    const { one, other, left: unfinished, whole, resumed } = counts;
    // Shows the counts in the output of the tests.
    await t.test(
      `${KILLS} kills: ${one} times the one image, ${other} times the other, ` +
        `never anything else; ${unfinished} unfinished files, ${whole} of them ` +
        `complete but not renamed; ${resumed} saves resumed one`,
      () => {},
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

async function isGood(path: string): Promise<boolean> {
  using source = openFileSource(path);
  const { good } = await verifySnapshot(source);
  if (good) await imageIn(path);
  return good;
}
