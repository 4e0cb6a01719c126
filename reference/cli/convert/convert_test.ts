import assert from "node:assert/strict";
import { test } from "node:test";
import { saveSnapshot } from "../../saving/mod.ts";
import { memorySink } from "../../sinks/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import {
  PATIENT,
  run,
  runBad,
  runGood,
  type RunResult,
} from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { fixtureStream } from "../testing/sequential_fixture.ts";
import { fixtureMemory, fixtureSnapshot } from "../testing/snapshot_fixture.ts";

/** Returns the last printed object, which is the result. */
function lastOf(stdout: string) {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
}

/** Runs a command that must succeed and print nothing but notes. */
async function runNoting(
  args: readonly string[],
): Promise<RunResult & { readonly notes: readonly string[] }> {
  const result = await run(args);
  assert.equal(result.code, 0, result.stderr);
  const notes = result.stderr.split("\n").slice(0, -1);
  for (const note of notes) assert.match(note, /^note: [a-z]/);
  return { ...result, notes };
}

test(
  "convert makes a snapshot of a stream, and a stream of a snapshot",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const memory = fixtureMemory();
    const stream = scratch.write("vm.save", await fixtureStream());
    const file = scratch.file("vm.mr");
    const { stdout } = await runGood(["convert", stream, file]);
    assert.match(stdout, /^converted sequential to mapped-ram in .*vm\.mr, /);
    const back = scratch.file("again.seq");
    const result = await runGood(["convert", file, back, "--json"]);
    const facts = lastOf(result.stdout);
    assert.deepEqual([facts.from, facts.to], ["mapped-ram", "sequential"]);
    const images = scratch.file("images/"); // is made
    assert.match(
      (await runGood(["convert", back, images])).stdout,
      RegExp(`^converted .*: 3 files in ${images}, [^,]* on disk\n$`),
    );
    for (const [idstr, expected] of Object.entries(memory)) {
      const name = encodeURIComponent(idstr).replaceAll("%40", "@");
      assert.deepEqual(scratch.read(`images/${name}.img`), expected, idstr);
    }
    await runGood(["verify", file]);
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
      const written = await runNoting(["convert", file, out]);
      assert.deepEqual(written.notes, [
        "note: left out: vga.vram (32 KiB), /rom@etc/acpi/tables (128 KiB), " +
        "pc.ram from 0xa0000 on (128 KiB)",
      ]);
      const back = scratch.file(`${name}.mr`);
      const read = await runNoting([
        ...["convert", out, back, "--machine", "pc-i440fx-10.0"],
      ]);
      assert.match(read.notes.join("\n"), /assumed 3 MiB of RAM \(--memory\)/);
      const range = ["0x100000", "0x200000", "--out", scratch.file("ram")];
      await runGood(["read", back, "pc.ram", ...range, "--force"]);
      assert.deepEqual(scratch.read("ram"), memory.subarray(0x100000));
    }
    const out = scratch.file("ours.core");
    await runNoting([
      ...["convert", file, out, "--range", "0x1000=pc.ram@0x1000+4K"],
      ...["--range", "4G=vga.vram+32K"],
    ]);
    const back = scratch.file("flat.mr");
    const { notes } = await runNoting(["convert", out, back]);
    assert.match(
      notes.join("\n"),
      /assumed the machine type "none" \(--machine\)[^]+zero: 0x0 to 0xfff/,
    );
    const { stdout } = await runGood(["read", back, "ram", "0x1004", "11"]);
    assert.match(stdout, /Hello, RAM!/);
  },
);

test(
  "convert reports what it leaves out, also in JSON, and leaves out no RAM",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const sink = memorySink();
    const sources = { "pc.ram": 2, "m1": 1, "pc.bios": 1 };
    await saveSnapshot(
      sink,
      Object.entries(sources).map(([idstr, mebibytes]) => ({
        idstr,
        source: memorySource(new Uint8Array(mebibytes * 2 ** 20).fill(7)),
      })),
      { machine: "pc-i440fx-10.0" },
    );
    const file = scratch.write("vm.mr", sink.bytes());
    for (const out of [scratch.file("vm.core"), scratch.file("vm.lime")]) {
      await runBad(
        ["convert", file, out],
        1,
        /where the guest sees RAMBlock "m1" .*--range ADDRESS=m1\+LENGTH/,
      );
      const without = await runNoting([
        ...["convert", file, out, "--leave-out", "m1", "--json"],
      ]);
      const { leftOutBlocks } = lastOf(without.stdout);
      assert.deepEqual(leftOutBlocks, [
        { idstr: "m1", length: 2 ** 20, kind: "ram" },
        // The firmware may be mapped in its place.
        { idstr: "pc.ram", offset: 0xc0000, length: 0x40000, kind: "ram" },
      ]);
      assert.match(without.notes.join(), /left out: m1 \(1 MiB\)/);
      await runNoting([
        ...["convert", file, out, "--range", "4G=m1+1M", "--force"],
      ]);
      const back = scratch.file("back.mr");
      const given = await runNoting([
        ...["convert", out, back, "--range", "4G=dimm+1M", "--force", "--json"],
      ]);
      const { leftOut, blocks } = lastOf(given.stdout);
      assert.deepEqual(
        blocks.map((it: { idstr: string }) => it.idstr),
        ["dimm"],
      );
      assert.equal(leftOut[0].address, 0);
    }
  },
);

test(
  "convert accepts flat memory as the RAM of a machine",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const flat = scratch.write("memory", fixtureMemory()["pc.ram"]);
    const out = scratch.file("vm.mr");
    const machine = ["--machine", "pc-q35-10.0"];
    await runBad(["convert", flat, out, ...machine], 1, /use --from raw/);
    await runGood(["convert", flat, out, ...machine, "--from", "raw"]);
    const { stdout } = await runGood(["info", out, "--json"]);
    const facts = JSON.parse(stdout);
    assert.equal(facts.machine, "pc-q35-10.0");
    assert.deepEqual(facts.blocks.map((it: { idstr: string }) => it.idstr), [
      "pc.ram",
    ]);
  },
);
