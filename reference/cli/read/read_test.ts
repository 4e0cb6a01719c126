import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { statSync } from "node:fs";
import { test } from "node:test";
import { createSnapshot } from "../../saving/mod.ts";
import { createFileSink } from "../../sinks/mod.ts";
import {
  PATIENT,
  runAllBad,
  runAllGood,
  runBad,
  runGood,
} from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import {
  fixtureMemory,
  fixtureSnapshot,
  RAM_LENGTH,
} from "../testing/snapshot_fixture.ts";

const RAM = fixtureMemory()["pc.ram"];

test("read prints hexadecimal, zero pages folded", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.write("vm.mr", await fixtureSnapshot());
  const [text, zeros, none] = await runAllGood([
    ["read", file, "pc.ram", "0x1000", "18"],
    ["read", file, "pc.ram", "0xffffc", "0x101004"],
    ["read", file, "pc.ram", "3M", "0"],
  ]);
  assert.equal(
    text,
    "00001000  02 00 00 00 48 65 6c 6c  6f 2c 20 52 41 4d 21 00  " +
      "|....Hello, RAM!.|\n" +
      "00001010  02 00                                             |..|\n" +
      "00001012\n",
  );
  assert.equal(
    zeros,
    "000ffffc  01 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  " +
      "|................|\n" +
      "0010000c  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  " +
      "|................|\n" +
      "*\n" +
      "001ffffc  00 00 00 00 03 00 00 00  03 00 00 00 03 00 00 00  " +
      "|................|\n" +
      "0020000c  03 00 00 00 03 00 00 00  03 00 00 00 03 00 00 00  " +
      "|................|\n" +
      "*\n" +
      "00200ffc  03 00 00 00                                       |....|\n" +
      "00201000\n",
  );
  assert.equal(none, "");
});

test(
  "read --out writes the bytes, and holes for zero pages",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const file = scratch.write("vm.mr", await fixtureSnapshot());
    const part = scratch.file("part");
    const [stdout] = await Promise.all([
      runGood(["read", file, "pc.ram", "0", "3M", "--out", "-"]),
      runGood(["read", file, "pc.ram", "0xff000", "0x102001", "--out", part]),
    ]);
    assert.deepEqual(new Uint8Array(stdout.bytes), RAM);
    assert.deepEqual(scratch.read("part"), RAM.slice(0xff000, 0x201001));
    assert(statSync(part).blocks * 512 < 0x80000, "the zero pages are a hole");
    await runBad(
      ["read", file, "pc.ram", "0", "1", "--out", part],
      1,
      /there is a file of that name \(--force replaces it\)/,
    );
    await runGood([
      "read",
      file,
      "pc.ram",
      "0x1004",
      "5",
      "--out",
      part,
      "--force",
    ]);
    assert.equal(new TextDecoder().decode(scratch.read("part")), "Hello");
    assert.deepEqual(scratch.list(), ["part", "vm.mr"]);
  },
);

test(
  "read --json prints the bytes and the number of stored pages",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const file = scratch.write("vm.mr", await fixtureSnapshot());
    const out = scratch.file("out");
    const [hex, written] = await runAllGood([
      ["read", file, "pc.ram", "0xff000", "0x2001", "--json"],
      ["read", file, "pc.ram", "0", "4K", "--json", "--out", out],
    ]);
    assert.deepEqual(JSON.parse(hex), {
      file,
      idstr: "pc.ram",
      offset: 0xff000,
      length: 0x2001,
      pages: 3,
      presentPages: 1,
      hex: Buffer.from(RAM.slice(0xff000, 0x101001)).toString("hex"),
    });
    assert.deepEqual(JSON.parse(written), {
      event: "read",
      file,
      idstr: "pc.ram",
      offset: 0,
      length: 4096,
      pages: 1,
      presentPages: 1,
      out,
    });
  },
);

test("read refuses what it cannot do", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.write("vm.mr", await fixtureSnapshot());
  const before = scratch.read("vm.mr");
  const end = String(RAM_LENGTH);
  await runAllBad([
    [
      ["read", file, "pc.rom", "0", "1"],
      2,
      /it has "pc.ram", "vga.vram"/,
    ],
    [["read", file, "pc.ram", "0", "3145729"], 2, /it ends at 0x300000/],
    [["read", file, "pc.ram", end, "1"], 2, /1 byte at 0x300000 of/],
    [["read", file, "pc.ram", "8T", "8191T"], 2, /it ends at 0x300000/],
    [["read", file, "pc.ram", "-1", "1"], 2, /there is no such option/],
    [["read", file, "pc.ram", "1.5", "1"], 2, /"1.5" as OFFSET/],
    [["read", file, "pc.ram", "0", "many"], 2, /"many" as LENGTH/],
    [["read", file, "pc.ram", "0", "1", "--force"], 2, /--force without/],
    [
      ["read", file, "pc.ram", "0", "1", "--out", "-", "--json"],
      2,
      /both/,
    ],
    [
      ["read", file, "pc.ram", "0", "1", "--out", file, "--force"],
      2,
      /it is an input, too/,
    ],
    [
      ["read", file, "pc.ram", "0", "1", "--out", scratch.file("no/out")],
      1,
      /there is no directory ".*no" \(create it with mkdir\)/,
    ],
    [
      ["read", file, "pc.ram", "0", "1", "--out", scratch.path, "--force"],
      1,
      /it is a directory/,
    ],
  ]);
  assert.deepEqual(scratch.list(), ["vm.mr"]);
  assert.deepEqual(scratch.read("vm.mr"), before);
});

test("read skips 64 GiB of zero pages at once", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.file("vm.mr");
  const blocks = [{ idstr: "ram", usedLength: 2 ** 36 }];
  const writer = await createSnapshot(createFileSink(file), blocks);
  await writer.finish();
  const { stdout } = await runGood(["read", file, "ram", "0", "64G"]);
  assert.match(
    stdout,
    /^00000000 (?: 00){8} (?: 00){8} [^\n]*\n\*\n1000000000\n$/,
  );
});
