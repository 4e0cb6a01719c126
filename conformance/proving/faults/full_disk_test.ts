import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  createFileSink,
  openFileSource,
  openSnapshot,
  saveSnapshot,
  SourceError,
} from "../../../mod.ts";
import { randomNumbers } from "./random_numbers.ts";
import { writeSparseImage } from "./sparse_image.ts";

const ROUNDS = 20;

/** Mounts a file system of that size; returns false if it is not permitted. */
function mount(path: string, kibibytes: number): boolean {
  try {
    const args = ["-t", "tmpfs", "-o", `size=${kibibytes}k`, "none", path];
    execFileSync("mount", args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test(`a disk that fills up at ${ROUNDS} random points loses no data`, {
  timeout: 300_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-full-"));
  const small = mkdtempSync(join(tmpdir(), "mapped-ram-small-"));
  const image = join(folder, "image");
  const random = randomNumbers(28);
  const target = join(small, "vm.mr");
  let full = 0;
  try {
    writeSparseImage(image);
    for (let round = 0; round < ROUNDS; round++) {
      if (!mount(small, 64 + random(20 * 1024))) {
        return t.skip("this user may not mount");
      }
      try {
        writeFileSync(target, "precious");
        using source = openFileSource(image);
        const sink = createFileSink(target, { force: true });
        const ram = { idstr: "ram", source };
        const jobs = 1 + round % 2;
        try {
          await saveSnapshot(sink, [ram], { jobs });
          using saved = openFileSource(target);
          await openSnapshot(saved);
        } catch (error) {
          assert(error instanceof SourceError, String(error));
          assert.match(error.message, /^Cannot write .*: no space left/i);
          assert.equal(readFileSync(target, "utf8"), "precious");
          full++;
        }
        assert.deepEqual(readdirSync(small), ["vm.mr"]);
      } finally {
        // Lazily: another thread may be starting a process, which holds each
        // file that was open at its fork until its exec.
        execFileSync("umount", ["--lazy", small]);
      }
    }
    assert(full > 0 && full < ROUNDS, `${full} of ${ROUNDS} were full`);
    await t.test(`${full} of ${ROUNDS} saves found the disk full`, () => {});
  } finally {
    rmSync(folder, { recursive: true });
    rmSync(small, { recursive: true });
  }
});
