import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { test } from "node:test";
import {
  PATIENT,
  type Refusal,
  runAllBad,
  runBad,
  runGood,
} from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { fixtureStream } from "../testing/sequential_fixture.ts";
import { fixtureSnapshot } from "../testing/snapshot_fixture.ts";
import { vectorBytes } from "../testing/vector_bytes.ts";

/** Returns a LiME file of memory from address 0. */
function limeOf(memory: Uint8Array): Uint8Array {
  const file = new Uint8Array(32 + memory.length);
  const view = new DataView(file.buffer);
  view.setUint32(0, 0x4c694d45, true);
  view.setUint32(4, 1, true);
  view.setBigUint64(16, BigInt(memory.length - 1), true);
  file.set(memory, 32);
  return file;
}

test(
  "convert refuses a stream that leaves shared RAM out",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const vector = vectorBytes("valid/sequential-ignore-shared");
    const stream = scratch.write("vm.seq", vector);
    for (const out of ["vm.mr", "vm.core", "vm.lime", "images/"]) {
      if (out.endsWith("/")) mkdirSync(scratch.file(out));
      const refusal = /saved with x-ignore-shared/;
      await runBad(["convert", stream, scratch.file(out)], 1, refusal);
    }
    await runGood(["info", stream]);
  },
);

test(
  "convert refuses RAM that x-ignore-shared left out, and accepts the rest",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const vector = (name: string) => vectorBytes(`valid/${name}`);
    const some = scratch.write("some.mr", vector("ignore-shared"));
    const range = ["--leave-out", "own", "--range", "0=shared+4K"];
    for (const out of ["x.core", "x.lime", "x.mr", "x.seq"]) {
      const isRanges = /core|lime/.test(out);
      const options = [
        ...isRanges ? range : [],
        ...out === "x.core" ? ["--arch", "x86_64"] : [],
      ];
      await runBad(
        ["convert", some, scratch.file(out), ...options],
        1,
        /shared/,
      );
    }
    // With the memory from which it was shared, the snapshot is complete.
    const made = scratch.file("made.mr");
    const device = ["save", made, "--device-state", some];
    await runBad(device, 1, /"shared".*ignored-block/);
    const image = scratch.write("image", new Uint8Array(0x10000).fill(5));
    await runGood([...device, "--block", `shared=${image}`]);
    await runGood(["verify", made, "--pages"]);
    const read = await runGood(["read", made, "shared", "0", "4"]);
    assert.match(read.stdout, /05 05 05 05/);

    const complete = vector("ignore-shared-nothing-shared");
    const all = scratch.write("all.mr", complete);
    const copy = scratch.file("copy.mr");
    await runGood(["convert", all, copy]);
    await runGood(["verify", copy]);
    const { stdout } = await runGood(["info", copy, "--json"]);
    assert.deepEqual(JSON.parse(stdout).capabilities, ["mapped-ram"]);
    await runGood(["convert", all, scratch.file("all.seq")]);
  },
);

test(
  "convert refuses what it cannot do, and leaves no files",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const bytes = await fixtureStream();
    const stream = scratch.write("vm.save", bytes);
    const cut = scratch.write("cut.save", bytes.subarray(0, 9000));
    const file = scratch.write("vm.mr", await fixtureSnapshot());
    const out = scratch.file("out");
    const lime = scratch.write("vm.lime", limeOf(new Uint8Array(4096)));
    await runAllBad([
      [["convert", stream], 2, /without OUT/],
      [["convert", stream, out, "--to", "pdf"], 2, /"pdf" as --to: expected/],
      [["convert", stream, out, "--range", "x"], 2, /expected ADDRESS=IDSTR/],
      [["convert", stream, file], 1, /--force replaces it/],
      [["convert", stream, stream, "--force"], 2, /it is an input, too/],
      [["convert", stream, scratch.file("no/no/")], 1, /create it with mkdir/],
      [["convert", stream, "-"], 2, /to standard output/],
      [["convert", stream, `${out}.core.gz`], 2, /output is not packed/],
      [["convert", stream, `${out}.zst`], 2, /output is not packed/],
      [
        ["convert", stream, `${out}.vmdk`],
        2,
        /no format is written as \.vmdk/,
      ],
      [
        ["convert", stream, `${out}.qcow2`],
        2,
        /expected mapped-ram, .* first: deno task convert \S+ OUT/,
      ],
      [
        ["convert", lime, out, "--machine", "q35"],
        2,
        /an alias, .* such as pc-q35-10\.0/,
      ],
      [["convert", lime, `${out}.core`], 2, /without --arch NAME/],
      [
        ["convert", lime, `${out}.core`, "--arch", "z80"],
        2,
        /"z80" as --arch: expected/,
      ],
      [
        ["convert", stream, `${out}.seq`],
        2,
        /expected mapped-ram, images, elf or lime; .* first: deno task convert \S+ OUT/,
      ],
      [
        ["convert", stream, `${out}.lime`, "--machine", "virt-9.0"],
        1,
        /Cannot tell the guest-physical addresses of/,
      ],
      [["convert", cut, out], 1, /Cannot read ".*cut\.save": byte 0x/],
      [["convert", cut, out, "--from", "elf"], 1, /as an ELF core: another/],
      [["convert", cut, out, "--from", "packed"], 2, /it is not a libvirt/],
    ]);
    await runBad(
      ["convert", file, out, "--from", "sequential"],
      1,
      /mapped-ram/,
    );
    assert.deepEqual(scratch.list(), [
      ...["cut.save", "vm.lime", "vm.mr", "vm.save"],
    ]);
  },
);

test(
  "convert names the command that unpacks an image, whatever the target",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const refusals: Refusal[] = [];
    for (const packing of ["bzip2", "xz"]) {
      const image = vectorBytes(`libvirt/${packing}`);
      const file = scratch.write(`${packing}.save`, image);
      for (const out of ["vm.mr", "vm.core", "vm.lime", "vm.seq", "images/"]) {
        refusals.push([
          ["convert", file, scratch.file(out)],
          1,
          new RegExp(
            `packed by ${packing}, expected raw, sparse, gzip or zstd; ` +
              `unpack it first: tail .* \\| ${packing} -dc > OUT`,
          ),
        ]);
      }
    }
    await runAllBad(refusals);
    assert.deepEqual(scratch.list(), ["bzip2.save", "xz.save"]);
  },
);
