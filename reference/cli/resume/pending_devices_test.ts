import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { openSnapshot } from "../../reading/mod.ts";
import { makeTemporaryFolder } from "../../scratch/mod.ts";
import { memorySource, SourceError } from "../../sources/mod.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { fixtureGuest } from "../testing/snapshot_fixture.ts";
import { PendingDevices } from "./pending_devices.ts";
import { ResumeEvents } from "./resume_report.ts";

/** Bytes of the longest path that Linux opens. */
const PATH_MAX = 4095;

test("PendingDevices leaves no folder if it cannot create the file", async () => {
  using scratch = new ScratchDirectory();
  const snapshot = await openSnapshot(memorySource(await fixtureGuest()));
  const probe = makeTemporaryFolder({ parent: scratch.path });
  rmSync(probe, { recursive: true });
  // The folder has a path of the greatest length, and the file a longer one.
  let length = PATH_MAX - basename(probe).length - 1;
  length -= scratch.path.length;
  const parts = Array.from(
    { length: Math.floor(length / 101) },
    () => "x".repeat(100),
  );
  const parent = join(scratch.path, ...parts, "y".repeat(length % 101 - 1));
  mkdirSync(parent, { recursive: true });
  const before = process.env.TMPDIR;
  process.env.TMPDIR = parent;
  try {
    await using devices = new PendingDevices(
      snapshot,
      { path: "", blocks: [], args: [] },
      { report: new ResumeEvents(), signal: new AbortController().signal },
    );
    await assert.rejects(devices.written, SourceError);
    assert.equal(readdirSync(parent).length, 1);
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
  assert.deepEqual(readdirSync(parent), []);
});
