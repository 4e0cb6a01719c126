import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runSealer, sealerCases } from "./run_sealer.ts";
import { suiteVectors } from "./suite_vectors.ts";

const SEALER = fileURLToPath(
  new URL("../readers/verity_reader.py", import.meta.url),
);
const SKIP = spawnSync("python3", ["--version"]).status === 0 ||
    env.MAPPED_RAM_REQUIRE_PYTHON === "1"
  ? false
  : "there is no python3";
const OPTIONS = { jobs: 2, timeoutMs: 60_000, strict: false };
const CASES = sealerCases(suiteVectors());

test("runSealer() passes a writer of sidecars with holes", {
  skip: SKIP,
  timeout: 300_000,
}, async () => {
  const program = ["python3", SEALER, "--seal"];
  const results = await runSealer(program, CASES, OPTIONS);
  assert(results.length > 20, `${results.length}`);
  for (const { name, state, reasons } of results) {
    assert.deepEqual([state, reasons], ["pass", []], name);
  }
});

/** Changes of the writer, each with what the suite says about it. */
const MISTAKES: readonly (readonly [string, string, RegExp])[] = [
  [
    "if block != zero[0]:",
    "if any(block[:HASH]) and index > 0:",
    /the sidecar/,
  ],
  ["sidecar.truncate(end)", "sidecar.truncate(end + 1)", /the sidecar/],
  ["sidecar.write(head)", "pass", /the sidecar/],
  ["size.to_bytes(8", "(size + 1).to_bytes(8", /digest is "sha256:\w+/],
  [
    "if block != zero[0]:",
    "if block != zero[0] and index < 128:",
    /the sidecar/,
  ],
  ['return {"digest"', 'os.remove(out)\n    return {"digest"', /no sidecar/],
  ['return {"digest"', "return 1/0, {'digest'", /exit code 1.*no JSON/],
  ['return {"digest"', 'return {"notSupported": "no", "digest"', /^no$/],
];

for (const [index, [old, changed, reason]] of MISTAKES.entries()) {
  test(`runSealer() finds mistake ${index + 1}: ${changed}`, {
    skip: SKIP,
    timeout: 300_000,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "mapped-ram-sealer-"));
    try {
      const program = join(folder, "sealer.py");
      const text = readFileSync(SEALER, "utf8");
      assert.equal(text.split(old).length, 2, old);
      writeFileSync(program, text.replace(old, () => changed));
      const cases = CASES.filter(({ path }) => path.endsWith("/three-levels"));
      const [result] = await runSealer(
        ["python3", program, "--seal"],
        cases,
        OPTIONS,
      );
      assert.notEqual(result.state, "pass");
      assert.match(result.reasons.join(), reason);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
