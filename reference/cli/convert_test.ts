import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { PATIENT, runAllBad, runBad, runGood } from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";
import { fixtureStream } from "./testing/sequential_fixture.ts";
import { fixtureMemory, fixtureSnapshot } from "./testing/snapshot_fixture.ts";

test("convert goes from a stream to a snapshot and back", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const memory = fixtureMemory();
  const stream = scratch.write("vm.save", await fixtureStream());
  const file = scratch.file("vm.mr");
  const { stdout } = await runGood(["convert", stream, file]);
  assert.match(stdout, /^converted sequential to mapped-ram in .*vm\.mr, /);
  const back = scratch.file("again.seq");
  const told = await runGood(["convert", file, back, "--json"]);
  const facts = JSON.parse(told.stdout);
  assert.deepEqual([facts.from, facts.to], ["mapped-ram", "sequential"]);
  mkdirSync(scratch.file("images"));
  await runGood(["convert", back, scratch.file("images/")]);
  for (const [idstr, expected] of Object.entries(memory)) {
    const name = encodeURIComponent(idstr).replaceAll("%40", "@");
    assert.deepEqual(scratch.read(`images/${name}.img`), expected, idstr);
  }
  await runGood(["verify", file]);
});

test(
  "convert refuses a stream that leaves shared RAM out",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const vector = new URL(
      "../../conformance/vectors/valid/sequential-ignore-shared/snapshot.gz",
      import.meta.url,
    );
    const stream = scratch.write("vm.seq", gunzipSync(readFileSync(vector)));
    for (const out of ["vm.mr", "vm.core", "vm.lime", "images/"]) {
      if (out.endsWith("/")) mkdirSync(scratch.file(out));
      const refusal = /saved with x-ignore-shared/;
      await runBad(["convert", stream, scratch.file(out)], 1, refusal);
    }
    await runGood(["info", stream]);
  },
);

test(
  "convert writes ELF cores and LiME, and reads them again",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const file = scratch.write("vm.mr", await fixtureSnapshot());
    const memory = fixtureMemory()["pc.ram"];
    for (const name of ["vm.core", "vm.lime"]) {
      const out = scratch.file(name);
      await runGood(["convert", file, out]);
      const back = scratch.file(`${name}.mr`);
      await runGood(["convert", out, back, "--machine", "pc-i440fx-10.0"]);
      const range = ["0x100000", "0x200000", "--out", scratch.file("ram")];
      await runGood(["read", back, "pc.ram", ...range, "--force"]);
      assert.deepEqual(scratch.read("ram"), memory.subarray(0x100000));
    }
    const out = scratch.file("ours.core");
    await runGood([
      ...["convert", file, out, "--range", "0x1000=pc.ram@0x1000+4K"],
      ...["--range", "4G=vga.vram+32K"],
    ]);
    const back = scratch.file("flat.mr");
    await runGood(["convert", out, back]);
    const { stdout } = await runGood(["read", back, "ram", "0x1004", "11"]);
    assert.match(stdout, /Hello, RAM!/);
  },
);

test("convert takes flat memory as the RAM of a machine", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const flat = scratch.write("memory", fixtureMemory()["pc.ram"]);
  const out = scratch.file("vm.mr");
  await runGood(["convert", flat, out, "--machine", "pc-q35-10.0"]);
  const { stdout } = await runGood(["info", out, "--json"]);
  const facts = JSON.parse(stdout);
  assert.equal(facts.machine, "pc-q35-10.0");
  assert.deepEqual(facts.blocks.map((it: { idstr: string }) => it.idstr), [
    "pc.ram",
  ]);
});

test(
  "convert says what it cannot do, and leaves nothing",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const bytes = await fixtureStream();
    const stream = scratch.write("vm.save", bytes);
    const cut = scratch.write("cut.save", bytes.subarray(0, 9000));
    const file = scratch.write("vm.mr", await fixtureSnapshot());
    const out = scratch.file("out");
    await runAllBad([
      [["convert", stream], 2, /without OUT/],
      [["convert", stream, out, "--to", "pdf"], 2, /"pdf" as --to: expected/],
      [["convert", stream, out, "--range", "x"], 2, /expected ADDRESS=IDSTR/],
      [["convert", stream, file], 1, /--force replaces it/],
      [["convert", stream, stream, "--force"], 2, /it is read, too/],
      [["convert", stream, scratch.file("no/")], 1, /mkdir makes it/],
      [["convert", stream, `${out}.seq`], 2, /expected mapped-ram, to which/],
      [
        ["convert", stream, `${out}.core`, "--machine", "virt-9.0"],
        1,
        /Cannot tell the guest-physical addresses of/,
      ],
      [["convert", cut, out], 1, /Cannot read ".*cut\.save": byte 0x/],
      [["convert", cut, out, "--from", "elf"], 1, /as an ELF core: another/],
      [["convert", cut, out, "--from", "packed"], 2, /it is no libvirt/],
    ]);
    await runBad(
      ["convert", file, out, "--from", "sequential"],
      1,
      /mapped-ram/,
    );
    assert.deepEqual(scratch.list(), ["cut.save", "vm.mr", "vm.save"]);
  },
);
