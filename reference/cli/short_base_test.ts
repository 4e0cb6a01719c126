import assert from "node:assert/strict";
import { copyFileSync, truncateSync } from "node:fs";
import { test } from "node:test";
import { openSnapshot } from "../reading/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { PATIENT, runAll, runAllGood } from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";
import { fixtureGuest } from "./testing/snapshot_fixture.ts";

/** Command lines with `FILE` for a snapshot, and `OUT` for a new file. */
const COMMANDS = [
  ...["info FILE", "info FILE --devices", "bitmaps FILE", "verify FILE"],
  ...["read FILE pc.ram 0 16", "load FILE OUT", "diff FILE FILE"],
  ...["convert FILE OUT.mr", "convert FILE OUT.qcow2", "convert FILE OUT.seq"],
  ...["convert FILE OUT --to images", "save OUT.mr --device-state FILE"],
  ...[
    "page-server FILE --block pc.ram --listen unix:OUT",
    "resume FILE -- -M pc",
  ],
];

test(
  "every command says that the base of an image was cut off, and where",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const guest = await fixtureGuest();
    const { blocks } = await openSnapshot(memorySource(guest));
    const ends = blocks.map((it) => it.pagesOffset + it.usedLength);
    const later = guest.slice();
    const { pagesOffset } = blocks[0];
    later[pagesOffset + 1] ^= 1;
    const [whole, next, base, middle, top] = [
      scratch.write("whole.mr", guest),
      scratch.write("next.mr", later),
      ...["base.mr", "middle.qcow2", "top.qcow2"].map((it) => scratch.file(it)),
    ];
    copyFileSync(whole, base);
    await runAllGood([
      ["convert", next, middle, "--backing", base, "--cluster-size", "4K"],
      ["convert", whole, top, "--backing", middle, "--cluster-size", "4K"],
      ["verify", top],
    ]);
    // In the first header, between blocks, and in the pages of the last block.
    for (const length of [100, ends[0], Math.max(...ends) - 0x1000]) {
      truncateSync(base, length);
      const lines = [middle, top].flatMap((name) =>
        COMMANDS.map((it) =>
          it.split(" ").map((word) =>
            word.replace("FILE", name).replace("OUT", scratch.file("out"))
          )
        )
      );
      const results = await runAll(lines);
      for (const [index, { code, stderr }] of results.entries()) {
        const [, found, expected] =
          /^error: Cannot \S+ ".*": its backing file ".*base\.mr" has (\d+) bytes, expected at least (\d+), which the image takes from it; it was cut off, or is another file\n$/
            .exec(stderr) ?? [];
        const line = lines[index].join(" ");
        assert.equal(Number(found), length, `${line}: ${stderr}`);
        assert.ok(Number(expected) > length, stderr);
        assert.equal(code, line.startsWith("diff") ? 2 : 1, line);
      }
      copyFileSync(whole, base);
    }
    await runAllGood([["verify", top], ["info", middle]]);
  },
);
