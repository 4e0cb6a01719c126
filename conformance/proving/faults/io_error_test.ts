import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { Buffer } from "node:buffer";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  createFileSink,
  openFileSource,
  saveSnapshot,
  verifySnapshot,
} from "../../../mod.ts";
import { randomNumbers } from "./random_numbers.ts";
import { IMAGE_LENGTH, writeSparseImage } from "./sparse_image.ts";

const FAILER = fileURLToPath(new URL("fail_calls.py", import.meta.url));
const CHILD = fileURLToPath(new URL("failing_child.ts", import.meta.url));
const MIB = 0x100000;
/** Number of bad places on the disk per case. */
const ROUNDS = 4;
/** Nothing else reads or writes at so large an offset of a file. */
const FIRST = 72 * MIB;
/** A bad place is larger than the distance between pieces. */
const WIDTH = 4 * MIB;

interface Failure {
  readonly name: string;
  readonly message: string;
  readonly source: string;
}

/**
 * Returns the error of the work; undefined if calls cannot be made to fail
 * here.
 */
function run(
  faults: readonly string[],
  args: readonly string[],
): Failure | null | undefined {
  const runtime = process.versions.deno === undefined
    ? [process.execPath]
    : [process.execPath, "run", "--quiet", "--allow-all", "--no-check"];
  const command = [FAILER, ...faults, "--", ...runtime, CHILD, ...args];
  const { error, status, stdout, stderr } = spawnSync("python3", command, {
    encoding: "utf8",
  });
  if (error !== undefined || status === 77) return undefined;
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

test("a disk with errors loses no data, whichever thread encounters them", {
  timeout: 900_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-errors-"));
  const image = join(folder, "image");
  const snapshot = join(folder, "snapshot");
  const target = join(folder, "target");
  try {
    writeSparseImage(image);
    using source = openFileSource(image);
    const ram = { idstr: "ram", source };
    await saveSnapshot(createFileSink(snapshot), [ram]);
    const names = ["image", "snapshot", "target"];
    const random = randomNumbers(5);
    let count = 0;
    const works = [["save", image], ["load", snapshot]] as const;
    for (const [work, from] of works) {
      for (const call of ["read", "write", "flush"]) {
        for (let round = 0; round < ROUNDS; round++) {
          const jobs = 1 + round % 2;
          const direct = call !== "flush" && round >= ROUNDS / 2;
          const start = FIRST + random(IMAGE_LENGTH - FIRST - 2 * WIDTH);
          const fault = call === "flush"
            ? call
            : `${call}:${start}:${start + WIDTH}`;
          writeFileSync(target, "precious");
          const args = [work, from, target, String(jobs), String(direct)];
          const failure = run([fault], args);
          if (failure === undefined) {
            return t.skip("calls cannot be made to fail here");
          }
          const title = `${fault}, ${args.join(" ")}`;
          assert(failure !== null, `${title}: done`);
          assert.equal(failure.name, "SourceError", `${title}: ${failure}`);
          const said = new RegExp(
            `^Cannot ${call} "[^"]+".*: (i/o|input/output) error`,
            "i",
          );
          assert.match(failure.message, said, title);
          assert.equal(failure.source, call === "read" ? from : target);
          assert.equal(readFileSync(target, "utf8"), "precious", title);
          assert.deepEqual(readdirSync(folder).toSorted(), names, title);
          count++;
        }
      }
    }
    // The same child succeeds if nothing fails.
    assert.equal(run([], ["save", image, target, "2", "false"]), null);
    using saved = openFileSource(target);
    assert((await verifySnapshot(saved, { pages: true })).good);
    assert.equal(
      Buffer.compare(readFileSync(target), readFileSync(snapshot)),
      0,
    );
    await t.test(`${count} of ${count} disk errors were reported`, () => {});
  } finally {
    rmSync(folder, { recursive: true });
  }
});
