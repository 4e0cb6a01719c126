import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { PATIENT, runBad } from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { fixtureSnapshot } from "../testing/snapshot_fixture.ts";

/** Every command that writes a file, with OUT as its name. */
function commands(
  scratch: ScratchDirectory,
  file: string,
): Record<string, (out: string) => readonly string[]> {
  const image = scratch.write("image", new Uint8Array(4096).fill(1));
  return {
    save: (out) => ["save", out, "--block", `ram=${image}`],
    convert: (out) => ["convert", file, out],
    read: (out) => ["read", file, "pc.ram", "0", "4096", "--out", out],
    receive: (out) => [
      ...["receive", out, "--listen", `unix:${scratch.file("socket")}`],
    ],
  };
}

test(
  "every command refuses a dangling link, with --force or without",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const file = scratch.write("vm.mr", await fixtureSnapshot());
    const link = scratch.file("link");
    symlinkSync("nowhere", link);
    const message =
      /"[^"]*link": it is a symbolic link to "[^"]*nowhere", which/;
    for (const args of Object.values(commands(scratch, file))) {
      for (const force of [[], ["--force"]]) {
        await runBad([...args(link), ...force], 1, message);
      }
    }
    mkdirSync(scratch.file("images"));
    symlinkSync("nowhere", scratch.file("images/pc.ram.img"));
    for (const command of ["load", "convert"]) {
      const args = [command, file, scratch.file("images"), "--force"];
      await runBad(
        args,
        1,
        /img": it is a symbolic link to "[^"]*nowhere", which/,
      );
    }
    assert.deepEqual(scratch.list(), ["image", "images", "link", "vm.mr"]);
  },
);

test(
  "every command refuses a folder that cannot be written to",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const file = scratch.write("vm.mr", await fixtureSnapshot());
    writeFileSync(scratch.file("plain"), "");
    for (const args of Object.values(commands(scratch, file))) {
      await runBad(
        args("/sys/out"),
        1,
        /^error: Cannot write "\/sys\/out": .*perm/,
      );
      const inFile = scratch.file("plain/out");
      await runBad(args(inFile), 1, /plain" is not a directory/);
    }
  },
);
