import assert from "node:assert/strict";
import { test } from "node:test";
import { openSnapshotSync } from "../../reading/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import { PATIENT, run, runAll, runAllGood } from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { fixtureSnapshot } from "../testing/snapshot_fixture.ts";

test("verify finds nothing in a good file", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.write("vm.mr", await fixtureSnapshot());
  const [plain, pages, json] = await runAllGood([
    ["verify", file],
    ["verify", file, "--pages"],
    ["verify", file, "--pages", "--json"],
  ]);
  assert.equal(plain, `good: ${file}: every rule kept\n`);
  assert.match(pages, /^513 pages read, 0 of them all zero\ngood: /);
  assert.deepEqual(JSON.parse(json), {
    event: "verified",
    file,
    good: true,
    unfinished: false,
    findings: [],
    presentPages: 513,
    presentZeroPages: 0,
  });
});

test(
  "verify distinguishes errors from warnings, one per line",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const bytes = await fixtureSnapshot();
    const warned = scratch.write(
      "warned.mr",
      bytes.subarray(0, bytes.length - 1),
    );
    bytes[7] = 2; // The version of the stream.
    const refused = scratch.write("refused.mr", bytes);
    const [warning, json, missing] = await runAll([
      ["verify", warned],
      ["verify", refused, "--json"],
      ["verify", scratch.file("missing.mr")],
    ]);
    const error = await run(["verify", refused]);
    assert.equal(warning.code, 0);
    assert.match(
      warning.stdout,
      /^warning: byte 0x[0-9a-f]+: no vmdesc, .* \(vmdesc-present\)\ngood: .*: 1 warning\n$/,
    );
    assert.equal(error.code, 1);
    assert.equal(
      error.stdout,
      "error: byte 0x4: the stream has version 2, expected version 3 " +
        `(stream-version)\nbad: ${refused}: 1 error; a reader must refuse it\n`,
    );
    assert.equal(error.stderr, "");
    assert.equal(json.code, 1);
    const { good, findings } = JSON.parse(json.stdout);
    assert.equal(good, false);
    assert.deepEqual(findings, [{
      level: "error",
      rule: "stream-version",
      offset: 4,
      found: "the stream has version 2",
      expected: "version 3",
    }]);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /^error: Cannot open /);
  },
);

test(
  "verify reports the file of an unfinished save as unfinished",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const bytes = await fixtureSnapshot();
    const { ramSetup } = openSnapshotSync(memorySource(bytes)).index;
    const end = ramSetup.offset + ramSetup.length;
    const partial = scratch.write("vm.mr.0-0-00000000.partial", bytes);
    bytes.fill(0, end - 8, end);
    const moved = scratch.write("moved.mr", bytes);
    const empty = scratch.write("x.0-0-00000000.partial", "");
    const results = await runAll([
      ["verify", partial],
      ["verify", moved],
      ["verify", empty],
      ["verify", moved, "--json"],
    ]);
    for (const { code, stderr } of results) {
      assert.equal(stderr, "");
      assert.equal(code, 1);
    }
    for (const { stdout } of results.slice(0, 3)) {
      assert.match(stdout, /^unfinished: .*a save was stopped/m);
    }
    const { good, unfinished } = JSON.parse(results[3].stdout);
    assert.deepEqual({ good, unfinished }, { good: false, unfinished: true });
  },
);
