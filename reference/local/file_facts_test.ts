import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { createFileSink } from "../sinks/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { deviceLength } from "./file_facts.ts";
import { openFileSource } from "./file_source.ts";

test("deviceLength() finds any length in few reads", () => {
  const lengths = [0, 1, 2, 511, 512, 513, 4096, 3 * 2 ** 30, 2 ** 44 + 512];
  for (const length of [...lengths, 2 ** 52 + 1]) {
    let count = 0;
    const found = deviceLength((offset) => {
      count++;
      return offset < length;
    });
    assert.equal(found, length);
    assert(count <= 110, `${count} reads`);
  }
});

const device = loopDevice();

test(
  "openFileSource() reads a block device at any position",
  { skip: device === undefined ? "no loop device can be set up" : false },
  () => {
    assert(device);
    using folder = new ScratchFolder();
    const bytes = new Uint8Array(3 * 0x100000 + 512)
      .map((_, index) => index * 7 + (index >> 8));
    const path = folder.file("image");
    writeFileSync(path, bytes);
    const loop = device(path);
    try {
      using source = openFileSource(loop.path);
      assert.equal(source.byteLength, bytes.length);
      for (
        const [offset, length] of [[0, 4096], [1234567, 89], [3145728, 512]]
      ) {
        const target = new Uint8Array(length);
        source.readIntoSync(target, offset);
        assert.deepEqual(target, bytes.subarray(offset, offset + length));
      }
      assert.throws(
        () => source.readIntoSync(new Uint8Array(2), bytes.length - 1),
        /it has 0x300200 bytes/,
      );
      assert.throws(
        () => createFileSink(loop.path, { force: true }),
        (error) =>
          error instanceof SourceError && /a block device/.test(error.message),
      );
    } finally {
      loop.detach();
    }
  },
);

/** Returns a function that makes a block device of a file, if permitted. */
function loopDevice():
  | ((path: string) => { readonly path: string; detach(): void })
  | undefined {
  const set = (...args: string[]) =>
    spawnSync("losetup", args, { encoding: "utf8" });
  using folder = new ScratchFolder();
  const probe = folder.file("probe");
  writeFileSync(probe, new Uint8Array(4096));
  const { status, stdout } = set("-f", "--show", probe);
  if (status !== 0) return undefined;
  set("-d", stdout.trim());
  return (path) => {
    const { status, stdout, stderr } = set("-f", "--show", path);
    assert.equal(status, 0, stderr);
    return {
      path: stdout.trim(),
      detach: () => void set("-d", stdout.trim()),
    };
  };
}
