import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySource } from "../../sources/mod.ts";
import type { ConvertJob } from "./conversion.ts";
import { importRanges } from "./import_memory.ts";
import { fromRanges } from "./open_image.ts";

test("a signal also ends the opening of memory at addresses", async () => {
  const signal = AbortSignal.abort(new Error("stopped"));
  const job = {
    input: { source: memorySource(new Uint8Array(1)), format: "elf" },
    options: { signal },
  } as unknown as ConvertJob;
  const open = (
    _: unknown,
    options: { readonly signal?: AbortSignal | undefined },
  ) => {
    assert.equal(options.signal, signal);
    return Promise.reject(new Error("opened"));
  };
  const write = () => assert.fail("it is not opened");
  for (const run of [fromRanges(open, write), importRanges(open)]) {
    await assert.rejects(run(job), /^Error: opened$/);
  }
});
