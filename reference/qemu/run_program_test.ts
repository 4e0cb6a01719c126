import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { findDataRanges } from "../mapping/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { queryQemu } from "./query_qemu.ts";
import { runProgram } from "./run_program.ts";
import { fakeProgram } from "./testing/fake_program.ts";
import { says } from "./testing/says_of.ts";

test("runProgram() returns the output, whatever the arguments contain", async () => {
  using folder = new ScratchFolder();
  const program = fakeProgram(folder, `printf '%s|' "$@"; echo x >&2`);
  const args = ["a b", "$HOME", "ä€", "", "*"];
  assert.equal(await runProgram(program, args), `${args.join("|")}|`);
});

test("runProgram() reports how a program failed", async () => {
  using folder = new ScratchFolder();
  const failing = fakeProgram(folder, "echo no good >&2; exit 3");
  await assert.rejects(
    runProgram(failing, ["-x"]),
    says(/^Cannot run .* -x: exit code 3: no good$/),
  );
  const killed = fakeProgram(folder, "kill -9 $$");
  await assert.rejects(runProgram(killed, []), says(/: SIGKILL: $/));
  await assert.rejects(
    runProgram(folder.file("none"), []),
    says(/^Cannot start ".*none": there is no such program/),
  );
});

test("runProgram() kills a program that does not end", async () => {
  using folder = new ScratchFolder();
  const endless = fakeProgram(folder, "exec sleep 1000");
  await assert.rejects(
    runProgram(endless, [], { timeout: 20 }),
    says(/it did not end within 20 ms$/),
  );
  const controller = new AbortController();
  const { signal } = controller;
  const running = runProgram(endless, [], { signal });
  const stopped = assert.rejects(running, /enough/);
  controller.abort(new Error("enough"));
  await stopped;
  await assert.rejects(runProgram(endless, [], { signal }), /enough/);
});

test("runProgram() kills a program that prints without end", async () => {
  using folder = new ScratchFolder();
  const endless = fakeProgram(folder, "exec yes");
  await assert.rejects(
    runProgram(endless, []),
    says(/it printed over 67108864 bytes$/),
  );
});

test("queryQemu() reads the version and the properties", async () => {
  using folder = new ScratchFolder();
  const program = fakeProgram(
    folder,
    `if [ "$1" = --version ]; then
       echo 'QEMU emulator version 8.1.3 (Debian 1:8.1.3)'; else
       echo 'memory-backend-file options:'
       echo '  offset=<int>           - Offset into the file (ex: 1G)'
       echo '  x-use-canonical-path-for-ramblock-id=<bool>'; fi`,
  );
  assert.deepEqual(await queryQemu(program), {
    program,
    version: "8.1.3",
    memoryBackendFile: ["offset", "x-use-canonical-path-for-ramblock-id"],
  });
  const other = fakeProgram(folder, "echo hello");
  assert.deepEqual(await queryQemu(other), {
    program: other,
    version: "",
    memoryBackendFile: [],
  });
});

test("findDataRanges() reads qemu-img's map", async () => {
  using folder = new ScratchFolder();
  const map = `[{"start":0,"length":4096,"zero":true,"data":false},
    {"start":4096,"length":8192,"zero":false,"data":true},
    {"start":12288,"length":4096,"zero":true,"data":true},
    {"start":16384,"length":4096}]`;
  const program = fakeProgram(
    folder,
    `printf '%s\\n' "$@" >&2; echo '${map}'; [ "$5" = \
'driver=raw,file.driver=file,file.filename=/a,,b' ]`,
  );
  const range = { offset: 0, length: 20480 };
  assert.deepEqual(await findDataRanges("/a,b", range, { program }), [
    { offset: 4096, length: 8192 },
    { offset: 12288, length: 4096 },
    { offset: 16384, length: 4096 },
  ]);
});

test("findDataRanges() rejects output that it cannot parse", async () => {
  using folder = new ScratchFolder();
  const range = { offset: 0, length: 10 };
  for (
    const text of ["", "{}", "null", "[1]", '[{"start":"0","length":1}]', "["]
  ) {
    const program = fakeProgram(folder, `echo '${text}'`);
    await assert.rejects(
      findDataRanges("/x", range, { program }),
      says(/^Cannot tell where "\/x" has data: .* cannot be parsed$/),
    );
  }
});

test("runProgram() does not wait for a program's children", async () => {
  using folder = new ScratchFolder();
  // It keeps stderr open for the whole test.
  const stay = folder.file("stay");
  writeFileSync(stay, "");
  const child = `while [ -e '${stay}' ]; do sleep 0.1; done >/dev/null`;
  const program = fakeProgram(folder, `echo done; (${child}) & exit 0`);
  assert.equal(await runProgram(program, []), "done\n");
});
