import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { openSync, readdirSync, truncateSync, writeSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { openFileSource } from "../local/mod.ts";
import { openSnapshotSync } from "../reading/mod.ts";
import { createSnapshot } from "../saving/mod.ts";
import { createFileSink } from "../sinks/mod.ts";
import { PATIENT, run } from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";

const GIB = 2 ** 30;

/** Sends a signal once a folder contains a partial file. */
function interruptAt(folder: string, signal: NodeJS.Signals) {
  return (child: ChildProcess) => {
    const timer = setInterval(() => {
      if (!readdirSync(folder).some((it) => it.endsWith(".partial"))) return;
      clearInterval(timer);
      // On Deno, a process ended by child.kill() has no exit code.
      if (child.pid !== undefined) process.kill(child.pid, signal);
    }, 5);
    child.on("close", () => clearInterval(timer));
  };
}

async function assertInterrupted(
  args: readonly string[],
  folder: string,
  signal: NodeJS.Signals,
): Promise<void> {
  const onStart = interruptAt(folder, signal);
  const { code, stdout, stderr } = await run(args, { onStart });
  assert.equal(stderr, `error: Cannot finish: stopped by ${signal}\n`);
  assert.equal(code, signal === "SIGINT" ? 130 : 143);
  assert.equal(stdout, "");
}

test("Ctrl-C and kill leave no partial file of save", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const image = scratch.write("image", "");
  truncateSync(image, 256 * GIB);
  scratch.write("old", "precious");
  // Reading 256 GiB of holes takes a while.
  const block = ["--block", `ram=${image}`, "--scan"];
  await assertInterrupted(
    ["save", scratch.file("new"), ...block],
    scratch.path,
    "SIGINT",
  );
  await assertInterrupted(
    ["save", scratch.file("old"), ...block, "--force"],
    scratch.path,
    "SIGTERM",
  );
  assert.deepEqual(scratch.list(), ["image", "old"]);
  assert.equal(new TextDecoder().decode(scratch.read("old")), "precious");
});

test(
  "Ctrl-C leaves no new image of load, and keeps the old ones",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const file = scratch.file("vm.mr");
    const writer = await createSnapshot(createFileSink(file), [
      { idstr: "small", usedLength: 4096 },
      { idstr: "large", usedLength: 64 * GIB },
    ]);
    await writer.finish();
    // Set every bit: the pages are holes, but are read and written.
    using source = openFileSource(file);
    const { bitmapOffset, pageCount } = openSnapshotSync(source).block("large");
    const bits = new Uint8Array(pageCount / 8).fill(0xff);
    writeSync(openSync(file, "r+"), bits, 0, bits.length, bitmapOffset);
    scratch.write("small.img", "precious");
    await assertInterrupted(
      ["load", file, scratch.path, "--force"],
      scratch.path,
      "SIGINT",
    );
    assert.deepEqual(scratch.list(), ["small.img", "vm.mr"]);
    assert.equal(
      new TextDecoder().decode(scratch.read("small.img")),
      "precious",
    );
  },
);
