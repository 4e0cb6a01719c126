import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { test } from "node:test";
import { ByteWriter } from "../../format/bytes/mod.ts";
import { writeRAMBlockHeader } from "../../format/ram/mod.ts";
import { encodeHead } from "../../format/snapshot/mod.ts";
import { RAM_PAGES_MAX } from "../../format/stream/mod.ts";
import { openFileSource } from "../local/mod.ts";
import { packQcow2 } from "../packing/mod.ts";
import { createFileSink } from "../sinks/mod.ts";
import { PATIENT, runAll } from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";

/** A size with which the file fits on ext4: 4 TiB. */
const PAGE_SIZE = 0x100;
const MIB = 0x100000;

/** Command lines with `FILE` for a snapshot, and `OUT` for a new file. */
const COMMANDS = [
  ...["info FILE", "info FILE --map", "bitmaps FILE"],
  ...["read FILE ram 0 16", "load FILE OUT", "diff FILE FILE"],
  ...["convert FILE OUT.mr", "convert FILE OUT.qcow2", "convert FILE OUT.seq"],
  ...["checkpoint FILE FILE OUT.mr", "save OUT.mr --device-state FILE"],
  ...["resume FILE -- -M pc", "page-server FILE --listen unix:OUT"],
];

/** Returns the start of a snapshot with four pages more than the limit. */
function startOfHuge(): { bytes: Uint8Array; byteLength: number } {
  const usedLength = (RAM_PAGES_MAX + 4) * PAGE_SIZE;
  const head = encodeHead({ machine: "none", capabilities: ["mapped-ram"] });
  const writer = new ByteWriter().bytes(head).be64(usedLength + 4);
  writeRAMBlockHeader(writer, {
    ...{ idstr: "ram", usedLength, pageSize: PAGE_SIZE },
    ...{ bitmapOffset: MIB, pagesOffset: 4096 * MIB },
  });
  return { bytes: writer.finish(), byteLength: 4097 * MIB + usedLength };
}

test(
  "every command refuses more pages than the limit, whatever is in the file",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const { bytes, byteLength } = startOfHuge();
    const file = scratch.write("huge.mr", bytes);
    truncateSync(file, byteLength);
    const image = scratch.file("huge.qcow2");
    using source = openFileSource(file);
    await packQcow2(source, createFileSink(image), {
      clusterSize: 2 * MIB,
      dataRanges: [{ offset: 0, length: MIB }],
    });
    const lines = [file, image].flatMap((name) =>
      COMMANDS.map((it) =>
        it.split(" ").map((word) =>
          word.replace("FILE", name).replace("OUT", scratch.file("out"))
        )
      )
    );
    for (const [index, result] of (await runAll(lines)).entries()) {
      const command = COMMANDS[index % COMMANDS.length];
      const name = index < COMMANDS.length ? file : image;
      assert.match(
        result.stderr,
        /^error: Cannot read ".*": RAMBlock "ram", byte 0x5d: used_length 0x40000000400 makes a sum of 17179869188 pages, expected at most 17179869184 pages \(ram-total\)\n$/,
      );
      assert(result.stderr.includes(name), command);
      assert.equal(result.code, command.startsWith("diff") ? 2 : 1, command);
    }
    assert.deepEqual(scratch.list(), ["huge.mr", "huge.qcow2"]);
  },
);
