import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { test } from "node:test";
import { PATIENT, runGood } from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";

test(
  "save without OUT prints what it did, and leaves no files",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    using kept = new ScratchDirectory();
    const [{ stdout: text }, { stdout: json }] = await Promise.all([
      runGood(["save"], { env: { TMPDIR: scratch.path } }),
      runGood(["save", "--json", "--keep"], { env: { TMPDIR: kept.path } }),
    ]);
    assert.match(text, /pc\.ram {2}64 MiB, 6,\d+ of 16,384 pages/);
    assert.match(text, /[░▒▓█]{9}/);
    assert.match(text, /\d+ zero pages left out \(66 %\)/);
    assert.match(text, /opened +in .* by 4 reads of .*, no page among them\n/);
    assert.match(text, /every byte as it was saved\n/);
    assert.match(text, /every rule of SPEC\.md kept/);
    assert.deepEqual(scratch.list(), []);

    const facts = JSON.parse(json);
    assert.equal(facts.pagesEqual, facts.pagesCompared);
    assert.equal(facts.findings, 0);
    assert(facts.file.startsWith(kept.path));
    assert.equal(statSync(facts.file).size, facts.byteLength);
  },
);

test("save --live saves a guest that keeps writing", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const { stdout } = await runGood(
    ["save", "--live", "--json", "--dirty-rate", "8M", "--jobs", "2"],
    { env: { TMPDIR: scratch.path } },
  );
  const { equal, good, rounds, writes, downtime } = JSON.parse(stdout);
  assert(equal && good && downtime > 0 && writes > 0);
  assert(rounds.length >= 2);
  assert.equal(rounds[0].pages, 65_536);
  assert.deepEqual(
    rounds.map((round: { stopped: boolean }) => round.stopped).indexOf(true),
    rounds.length - 1,
  );
  assert.deepEqual(scratch.list(), []);
});
