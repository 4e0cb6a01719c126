import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runWriter } from "./run_writer.ts";
import { MISTAKE_NAMES } from "./testing/faulty_writer.ts";
import { writerCases } from "./writer_cases.ts";

const WRITER = fileURLToPath(
  new URL("testing/faulty_writer.ts", import.meta.url),
);
/** Runs a script with the runtime that runs the tests. */
const RUNTIME = "Deno" in globalThis
  ? [process.execPath, "run", "--allow-all", "--no-check"]
  : [process.execPath];
const OPTIONS = { jobs: 1, timeoutMs: 60_000, strict: false };

/** The mistakes that are allowed, and what the suite says about them. */
const REMARKS: Readonly<Record<string, RegExp>> = {
  "trailer": /a trailer of 1 bytes/,
  "readable by all": /other users can read it/,
};
/** Part of the reason that the suite gives for each other one. */
const REASONS: Readonly<Record<string, RegExp>> = {
  "command before END": /0, 5, 0 bytes.*\(interop-commands\)/,
  "command after END": /0, 0, 5 bytes.*\(interop-commands\)/,
  "PART": /has 1 PARTs \(interop-sections\)/,
  "section_id 0": /section 0 has 0 PARTs \(interop-sections\)/,
  "vmdesc without page_size": /page_size undefined \(interop-vmdesc\)/,
  "vmdesc without configuration": /undefined.*\(interop-vmdesc\)/,
  "no vmdesc": /vmdesc-present/,
  "no EOF": /eof-present/,
  "no END": /ram-end-present/,
  "padding set": /bitmap-padding-clear/,
  "bits from the highest": /first differs/,
  "last page lost": /first differs/,
  "target-page-bits": /is 12 with pages of 4096 bytes \(interop-page-bits\)/,
};

async function verdictOn(mistake: string, save: string) {
  const cases = writerCases().filter(({ name }) => name === save);
  assert.equal(cases.length, 1);
  const [result] = await runWriter(
    [...RUNTIME, WRITER, mistake],
    cases,
    OPTIONS,
  );
  return result;
}

for (const mistake of MISTAKE_NAMES) {
  if (mistake === "pages last") continue;
  test(`runWriter() judges a writer with the mistake "${mistake}"`, async () => {
    const { state, reasons, remarks } = await verdictOn(
      mistake,
      "a last word with padding",
    );
    const reason = REASONS[mistake];
    if (reason === undefined) {
      assert.deepEqual([state, reasons], ["pass", []]);
      const remark = REMARKS[mistake];
      if (remark === undefined) assert.deepEqual(remarks, []);
      else assert.match(remarks.join(), remark);
    } else {
      assert.equal(state, "fail");
      assert.match(reasons.join("\n"), reason);
    }
  });
}

test("runWriter() finds a writer that writes pages after everything else", async () => {
  const { state, reasons } = await verdictOn(
    "pages last",
    "killed at random moments",
  );
  assert.equal(state, "fail");
  assert.match(reasons.join(), /which opens and has other memory/);
});
