import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { MemoryDisk, NO_DISK } from "../../testing/memory_disk.ts";
import { PATIENT, programLine, runBad } from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { fixtureMemory, fixtureSnapshot } from "../testing/snapshot_fixture.ts";

/**
 * Runs a shell command line in which `$0 "$@"` is the program, without the
 * colour settings of the environment.
 */
function shell(line: string, args: readonly string[]) {
  return spawnSync("bash", ["-c", line, ...programLine(args)], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "", TERM: "xterm-256color" },
  });
}

test(
  "a command whose product is printed ends when its reader closes the pipe",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const file = scratch.write("vm.mr", await fixtureSnapshot());
    const bad = scratch.write("bad.mr", "QEVX");
    const line = '"$0" "$@" | head -c 5; echo " ${PIPESTATUS[0]}"';
    const early = '"$0" "$@" | true; echo "${PIPESTATUS[0]}"';
    const cases: [string[], string, string][] = [
      [["read", file, "pc.ram", "0", "3M", "--out", "-"], line, "141"],
      [["read", file, "pc.ram", "0x100000", "1M", "--json"], line, "141"],
      [["info", file], early, "141"],
      [["verify", bad], early, "1"],
    ];
    for (const [args, line, code] of cases) {
      const { stdout, stderr } = shell(line, args);
      assert.equal(stderr, "");
      assert.equal(stdout.trimEnd().slice(-code.length), code, args.join(" "));
    }
  },
);

test("a full standard output is a failure", {
  ...PATIENT,
  skip: existsSync("/dev/full") ? false : "there is no /dev/full",
}, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.write("vm.mr", await fixtureSnapshot());
  const { status, stderr } = shell('"$0" "$@" > /dev/full', ["info", file]);
  assert.match(
    stderr,
    /^error: Cannot write to standard output: no space left on device\n$/i,
  );
  assert.equal(status, 1);
});

test("work is finished even if standard output is full", {
  ...PATIENT,
  skip: existsSync("/dev/full") ? false : "there is no /dev/full",
}, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.write("vm.mr", await fixtureSnapshot());
  const { status, stderr } = shell(
    '"$0" "$@" > /dev/full',
    ["load", file, scratch.path, "--json"],
  );
  assert.match(
    stderr,
    /^Cannot write to standard output: no space left on device: the work is done, but \d+ lines? could not be printed\n$/i,
  );
  assert.equal(status, 0);
  assert.deepEqual(scratch.read("pc.ram.img"), fixtureMemory()["pc.ram"]);
});

test("colour is used on terminals, unless the environment says otherwise", {
  ...PATIENT,
  skip: spawnSync("script", ["--version"]).status === 0
    ? false
    : "there is no script(1)",
}, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.write("vm.mr", await fixtureSnapshot());
  const inTerminal = 'script -qec "stty cols 60; $(printf " %q" "$0" "$@")" ' +
    "/dev/null < /dev/null";
  const coloured = shell(inTerminal, ["info", file, "--map"]).stdout;
  const plain = shell(`NO_COLOR=1 ${inTerminal}`, ["info", file, "--map"]);
  assert(coloured.includes("\x1b[38;5;"));
  assert.equal(plain.stdout.includes("\x1b["), false);
  const inPipe = '"$0" "$@"';
  for (
    const [line, isColoured] of [
      [`FORCE_COLOR=0 ${inTerminal}`, false],
      [`TERM=dumb ${inTerminal}`, false],
      [inPipe, false],
      [`FORCE_COLOR=1 ${inPipe}`, true],
      [`NO_COLOR=1 FORCE_COLOR=1 ${inPipe}`, true],
    ] as const
  ) {
    const { stdout } = shell(line, ["info", file, "--map"]);
    assert.equal(stdout.includes("\x1b["), isColoured, line);
  }
  for (const line of plain.stdout.split(/\r?\n/)) {
    if (!line.includes(scratch.path)) assert(line.length <= 60, line);
  }
});

test("a full disk is reported in one line, and nothing is left or lost", {
  ...PATIENT,
  skip: NO_DISK,
}, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.write("vm.mr", await fixtureSnapshot());
  const image = scratch.write("image", fixtureMemory()["pc.ram"]);
  using disk = new MemoryDisk({ byteLength: 0x100000 });
  const folder = disk.path;
  for (const name of ["old", "pc.ram.img"]) {
    writeFileSync(disk.file(name), "precious");
  }
  const full = /no space left on device/i;
  const range = ["pc.ram", "0", "3M"];
  await runBad(["load", file, folder, "--force"], 1, full);
  await runBad(["save", `${folder}/new`, "--block", `ram=${image}`], 1, full);
  await runBad(["read", file, ...range, "--out", `${folder}/part`], 1, full);
  await runBad(
    ["save", `${folder}/old`, "--block", `ram=${image}`, "--force"],
    1,
    full,
  );
  await runBad(["save"], 1, full, { env: { TMPDIR: folder } });
  assert.deepEqual(disk.names(), ["old", "pc.ram.img"]);
  for (const name of disk.names()) {
    assert.equal(readFileSync(disk.file(name), "utf8"), "precious");
  }
});
