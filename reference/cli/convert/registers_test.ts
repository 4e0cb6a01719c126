import assert from "node:assert/strict";
import { test } from "node:test";
import { PATIENT, run } from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";

/** Returns a 64-bit ELF core with a segment of memory and one of notes. */
function core(notesLength: number): Uint8Array {
  const bytes = new Uint8Array(0x3000);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 4, true); // a core
  view.setUint16(18, 62, true); // x86-64
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 2, true);
  const segment = (at: number, type: number, words: readonly number[]) => {
    view.setUint32(at, type, true);
    for (const [index, word] of words.entries()) {
      view.setBigUint64(at + 8 + 8 * index, BigInt(word), true);
    }
  };
  segment(64, 4, [0x1000, 0, 0, notesLength, notesLength]);
  segment(120, 1, [0x2000, 0, 0, 0x1000, 0x1000]);
  return bytes;
}

test(
  "convert reports that the notes of a core are left out",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    for (const length of [0, 0x100]) {
      const file = scratch.write("in.core", core(length));
      for (const out of ["out.core", "out.lime", "out.mr"]) {
        const { code, stderr } = await run(
          ["convert", file, scratch.file(out), "--from", "elf", "--force"],
        );
        assert.equal(code, 0, stderr);
        const isSaid = /the notes of the core, such as reg/.test(stderr);
        assert.equal(isSaid, length > 0, `${out}: ${stderr}`);
      }
    }
  },
);
