import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { rangeEnd } from "../../format/bytes/mod.ts";
import { openSnapshot } from "../reading/mod.ts";
import { packed } from "../packing/testing/packed_bytes.ts";
import { memorySource } from "../sources/mod.ts";
import { PATIENT, type Refusal, runAllBad } from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";
import { fixtureStream } from "./testing/sequential_fixture.ts";
import { fixtureSnapshot } from "./testing/snapshot_fixture.ts";
import { vectorBytes } from "./testing/vector_bytes.ts";

/** Each command that reads a snapshot, with `FILE` for it. */
const COMMANDS = [
  "info FILE --against -Mpc",
  "info FILE --map",
  "bitmaps FILE",
  "verify FILE",
  "read FILE pc.ram 0 16",
  "load FILE images",
  "resume FILE -- -M pc",
  "page-server FILE --listen unix:socket",
  "save OUT --device-state FILE --block pc.ram=FILE --from raw",
];

test(
  "every command names the kind of a file that is not a snapshot, and the remedy",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const snapshot = await fixtureSnapshot();
    const elf = new Uint8Array(4096);
    elf.set([0x7f, 0x45, 0x4c, 0x46]);
    // The word that a save writes last is still zero.
    const unfinished = snapshot.slice();
    const { index } = await openSnapshot(memorySource(snapshot));
    const end = rangeEnd(index.ramSetup);
    unfinished.fill(0, end - 8, end);
    const kinds: [string, Uint8Array, RegExp][] = [
      [
        "a $b.seq",
        await fixtureStream(),
        /it is a sequential .*: deno task convert '[^']*a \$b\.seq' OUT\.mr/,
      ],
      [
        "bzip2.save",
        vectorBytes("libvirt/bzip2"),
        /packed by bzip2, .*zstd; unpack it first: tail .* \| bzip2 -dc > OUT/,
      ],
      [
        "gzip.save",
        vectorBytes("libvirt/gzip"),
        /it is a packed libvirt save image; .*: deno task convert \S+ OUT\.mr/,
      ],
      [
        "unknown",
        new Uint8Array(4096).fill(0x6b),
        /0x6b6b6b6b, .*\("QEVM"\)\); .*: deno task convert \S+ OUT.mr --from raw/,
      ],
      [
        "disk.qcow2",
        await packed(new Uint8Array(4096).fill(0x6b)),
        /it is a qcow2 image, .* no snapshot; .*: deno task convert vm.mr vm/,
      ],
      ["vm.gz", gzipSync(snapshot), /it is a gzip file: unpack .*: gunzip/],
      ["vm.core", elf, /it is an ELF file; if it is a core, deno task convert/],
      ["vm.mr", unfinished, /it is unfinished, .*: save --resume continues/],
    ];
    const refusals: Refusal[] = [];
    for (const [name, bytes, advice] of kinds) {
      const file = scratch.write(name, bytes);
      for (const command of COMMANDS) {
        // info --map describes it, and then refuses it if it is packed.
        const isDescribed = /\.seq|\.save/.test(name) &&
          command.includes("--map");
        // verify lists the violations of what may be a damaged snapshot.
        const isVerified = ["unknown", "vm.mr"].includes(name) &&
          command.startsWith("verify");
        if (isDescribed || isVerified) continue;
        const args = command.split(" ").map((it) =>
          it.replace("FILE", () => file).replace("OUT", scratch.file("out"))
            .replace("socket", scratch.file("s"))
        );
        refusals.push([args, 1, advice]);
      }
    }
    const disk = scratch.file("disk.qcow2");
    const convert = ["convert", disk, scratch.file("out")];
    refusals.push([convert, 1, /it is a qcow2 image, .* no snapshot/]);
    await runAllBad(refusals);
    assert.equal(scratch.list().length, kinds.length);
  },
);
