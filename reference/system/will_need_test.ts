import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, openSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { willNeed } from "./mod.ts";

const MIB = 0x100000;

/** Returns how many bytes of a file are in the page cache. */
function cachedBytes(path: string): number {
  const args = ["--bytes", "--noheadings", "--output", "RES", path];
  return Number(execFileSync("fincore", args).toString());
}

/** Writes a file and drops it from the page cache, if the file system can. */
function writeCold(path: string, byteLength: number): void {
  writeFileSync(path, new Uint8Array(byteLength).fill(7));
  execFileSync("sync", [path]);
  execFileSync("dd", [`if=${path}`, "iflag=nocache", "count=0", "status=none"]);
}

test("willNeed() reads a range of a file into the page cache", {
  skip: process.platform === "linux" ? false : "only on Linux",
}, async (t) => {
  using scratch = new ScratchFolder();
  const path = scratch.file("cold");
  writeCold(path, 8 * MIB);
  if (cachedBytes(path) !== 0) {
    t.skip("this file system does not drop cached pages");
    return;
  }
  const fd = openSync(path, "r");
  try {
    willNeed(fd, { offset: 2 * MIB, length: MIB });
    for (let triesLeft = 1000; cachedBytes(path) < MIB; triesLeft--) {
      assert(triesLeft > 0, `only ${cachedBytes(path)} bytes are cached`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(cachedBytes(path), MIB);
  } finally {
    closeSync(fd);
  }
  willNeed(fd, { offset: 0, length: MIB }); // A closed descriptor is harmless.
});
