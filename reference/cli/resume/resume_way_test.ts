import assert from "node:assert/strict";
import { test } from "node:test";
import { openSnapshot } from "../../reading/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import { writeProgram } from "../../testing/write_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { fixtureGuest } from "../testing/snapshot_fixture.ts";
import { checkMapper } from "./resume_way.ts";

test("checkMapper() waits for a QEMU that hangs until a signal or a timeout", async () => {
  using scratch = new ScratchDirectory();
  const snapshot = await openSnapshot(memorySource(await fixtureGuest()));
  const program = writeProgram(scratch.file("qemu"), "exec sleep 60");
  const qemu = { program, args: [] };
  const reason = new Error("stopped by the user");
  const stop = new AbortController();
  setTimeout(() => stop.abort(reason), 50);
  await assert.rejects(checkMapper(snapshot, qemu, stop), reason);
  await checkMapper(snapshot, qemu, { timeout: 50 });
});
