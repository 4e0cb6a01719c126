import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { UnsupportedError } from "../../../format/rules/mod.ts";
import { pageServerArguments } from "./page_server_arguments.ts";
import { prepareInputs } from "./page_server_inputs.ts";

const VECTOR = new URL(
  "../../../conformance/vectors/valid/ignore-shared/snapshot.gz",
  import.meta.url,
);

test("prepareInputs() refuses memory that x-ignore-shared left out, and unclear blocks", async () => {
  const file = join(tmpdir(), `mapped-ram-ignored-${crypto.randomUUID()}`);
  writeFileSync(file, gunzipSync(readFileSync(VECTOR)));
  const prepare = (block?: string) =>
    prepareInputs(
      pageServerArguments(file, { listen: "unix:/x", block }),
      AbortSignal.timeout(300_000),
    );
  try {
    await assert.rejects(prepare("shared"), UnsupportedError);
    assert.deepEqual(await prepare("own"), []);
    await assert.rejects(prepare(), /without an idstr \(--block\): it has /);
    await assert.rejects(prepare("owns"), /\(did you mean "own"\?\)/);
  } finally {
    rmSync(file);
  }
});
