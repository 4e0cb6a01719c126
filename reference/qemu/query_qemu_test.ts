import assert from "node:assert/strict";
import { test } from "node:test";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { queryQemu } from "./query_qemu.ts";
import { fakeProgram } from "./testing/fake_program.ts";

const HELP = `
case "$1" in
--version) echo "QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-1)" ;;
*) echo "memory-backend-file options:"; printf '  %s=<bool> - x\\n' offset rom ;;
esac`;

test("queryQemu() reads version and properties", async () => {
  using folder = new ScratchFolder();
  const program = fakeProgram(folder, HELP);
  assert.deepEqual(await queryQemu(program), {
    program,
    version: "10.0.2",
    memoryBackendFile: ["offset", "rom"],
  });
});

test("queryQemu() is as fast for hostile text as for any other", async () => {
  using folder = new ScratchFolder();
  for (const piece of ["\\n", " ", "version 1", "a", "-"]) {
    const begun = performance.now();
    const program = fakeProgram(
      folder,
      `awk 'BEGIN { for (i = 0; i < 400000; i++) printf "${piece}" }'`,
    );
    const { memoryBackendFile, version } = await queryQemu(program);
    assert.deepEqual([memoryBackendFile, version], [[], ""]);
    // With backtracking this takes minutes.
    assert(performance.now() - begun < 60_000, JSON.stringify(piece));
  }
});
