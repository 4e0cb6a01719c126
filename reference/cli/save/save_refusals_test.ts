import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { PATIENT, runAllBad } from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";

test(
  "save refuses what it cannot do, and leaves no files",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const image = scratch.write("image", "RAM");
    const empty = scratch.write("empty", "");
    const old = scratch.write("old", "precious");
    const out = scratch.file("out");
    const block = ["--block", `ram=${image}`];
    await runAllBad([
      [
        ["save", "-", "--block", "ram=/dev/null"],
        2,
        /Cannot write to "-": pages/,
      ],
      [["load", "https://a.example/x", "-"], 2, /Cannot write to "-": pages/],
      [["load", "vm.mr", "https://a.example/x"], 2, /a path, not a URL; write/],
      [
        ["receive", "-", "--listen", "unix:/x"],
        2,
        /Cannot write to "-": pages/,
      ],
      [
        ["save", "https://example.com/vm.mr", "--block", "ram=/dev/null"],
        2,
        /example\.com\/vm\.mr": expected a path, not a URL; write a file/,
      ],
      [["save", out], 2, /without --block IDSTR=IMAGE/],
      [["save", ...block], 2, /Cannot use --block without OUT/],
      [["save", out, ...block, "--keep"], 2, /--keep with OUT/],
      [["save", out, ...block, ...block], 2, /--block for "ram" twice/],
      [["save", out, "--block", "ram"], 2, /"ram" as --block: expected ID/],
      [["save", out, "--block", `é=${image}`], 2, /printable ASCII/],
      [["save", out, ...block, "--machine", "\t"], 2, /printable ASCII/],
      [["save", out, ...block, "--page-size", "5000"], 2, /power of two/],
      [["save", out, ...block, "--page-size", "0"], 2, /power of two/],
      [["save", out, ...block, "--offset", "0"], 2, /without --device-st/],
      [
        [
          "save",
          out,
          ...block,
          "--page-size",
          "8K",
          "--target-page-bits",
          "12",
        ],
        2,
        /--target-page-bits 12 with pages of 8192 bytes: expected 13/,
      ],
      [["save", out, "--block", `ram=${empty}`], 1, /it is empty/],
      [
        ["save", out, "--block", "ram=nowhere"],
        1,
        /open "nowhere": no suc/,
      ],
      [["save", out, "--block", `ram=${scratch.path}`], 1, /a directory/],
      [["save", old, ...block], 1, /\(--force replaces it\)/],
      [["save", image, ...block, "--force"], 2, /it is an input, too/],
      [["save", scratch.path, ...block, "--force"], 1, /is a directory/],
      [["save", `${out}/out`, ...block], 1, /no directory .*mkdir/],
      [["save", `${old}/out`, ...block], 1, /is not a directory/],
      [
        ["save", old, "--force", "--block", "ram=nowhere"],
        1,
        /no such file/,
      ],
    ]);
    assert.deepEqual(scratch.list(), ["empty", "image", "old"]);
    assert.equal(new TextDecoder().decode(scratch.read("old")), "precious");
  },
);

test(
  "save refuses impossible options by name, before any work",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const image = scratch.write("image", "memory");
    const block = ["--block", `ram=${image}`];
    const out = scratch.file("out.mr");
    execFileSync("mkfifo", [scratch.file("pipe")]);
    await runAllBad([
      [
        ["save", out, ...block, "--capability", "xbzrle"],
        2,
        /"xbzrle" \(--capability\): a diff/,
      ],
      [
        ["save", out, ...block, "--capability", "postcopy-ram"],
        2,
        /"postcopy-/,
      ],
      [
        ["save", out, ...block, "--capability", "compress"],
        2,
        /"compress" \(--capability\): a c/,
      ],
      [["save", scratch.file("pipe"), ...block], 1, /it is a pipe, expected a/],
      [
        ["save", "/dev/null", ...block, "--force"],
        1,
        /it is a character device/,
      ],
      [["save", out, ...block, "--jobs", "0"], 2, /0 jobs: expected 1 to 64/],
      // A condition is named only if it makes a difference.
      [["save", out, ...block, "--live"], 2, /--live with OUT \(see/],
      [["save", "--live", "--keep", out], 2, /--live with OUT \(see/],
      [["save", "--force"], 2, /--force without OUT \(see/],
      [["save", "--live", "--force"], 2, /--force without OUT \(see/],
      [
        ["save", "--dirty-rate", "1"],
        2,
        /--dirty-rate without OUT, and without --live/,
      ],
      [
        ["save", out, ...block, "--page-size", "512", "--direct-io"],
        1,
        /512 byt/,
      ],
    ]);
    assert.deepEqual(scratch.list(), ["image", "pipe"]);
  },
);
