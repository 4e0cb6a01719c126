import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { initramfs } from "./initramfs.ts";
import { linuxTest } from "./linux_test_case.ts";

/** A header field with the value 0. */
const ZEROS = "00000000";

test("initramfs() writes a header, a name and the content, each padded", () => {
  const archive = initramfs([
    { path: "d" },
    { path: "d/file", content: new TextEncoder().encode("hello") },
  ]);
  const expected = [
    ...["070701", "00000001", "000041ed", ZEROS, ZEROS, "00000001", ZEROS],
    ...[ZEROS, ZEROS, ZEROS, ZEROS, ZEROS, "00000002", ZEROS, "d\0"],
    ...["070701", "00000002", "000081ed", ZEROS, ZEROS, "00000001", ZEROS],
    ...["00000005", ZEROS, ZEROS, ZEROS, ZEROS, "00000007", ZEROS],
    ...["d/file\0\0\0\0", "hello\0\0\0"],
    ...["070701", ZEROS, ZEROS, ZEROS, ZEROS, "00000001", ZEROS],
    ...[ZEROS, ZEROS, ZEROS, ZEROS, ZEROS, "0000000b", ZEROS],
    "TRAILER!!!\0\0\0\0",
  ];
  assert.equal(new TextDecoder().decode(archive), expected.join(""));
});

linuxTest(
  "initramfs() writes an archive that busybox unpacks",
  (linux, scratch) => {
    const busybox = join(dirname(linux.initrd), "busybox");
    const entries = [1, 2, 3, 4, 5].map((length) => ({
      path: `directory/${"x".repeat(length)}`,
      content: new Uint8Array(length).fill(length),
    }));
    const archive = initramfs([
      { path: "directory" },
      { path: "directory/inner" },
      ...entries,
      { path: "directory/empty", content: new Uint8Array() },
    ]);
    const cwd = scratch.path;
    execFileSync(busybox, ["cpio", "-i"], {
      cwd,
      input: archive,
      stdio: "pipe",
    });
    for (const { path, content } of entries) {
      assert.deepEqual(
        new Uint8Array(readFileSync(scratch.file(path))),
        content,
      );
      assert.equal(statSync(scratch.file(path)).mode & 0o777, 0o755);
    }
    assert.ok(statSync(scratch.file("directory/inner")).isDirectory());
    assert.equal(statSync(scratch.file("directory/empty")).size, 0);
    assert.equal(readdirSync(scratch.file("directory")).length, 7);
  },
);
