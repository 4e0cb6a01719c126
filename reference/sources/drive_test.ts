import assert from "node:assert/strict";
import { test } from "node:test";
import type { Walk } from "../../format/bytes/mod.ts";
import { drive } from "./drive.ts";
import { memorySource } from "./memory_source.ts";

test("drive() can be stopped during a long walk", async () => {
  const end = performance.now() + 60_000;
  function* walk(): Walk<void> {
    while (performance.now() < end) yield { offset: 0, length: 1 };
  }
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("stopped")));
  // The source is as fast as a local file: it lets no timer run.
  const { name, byteLength } = memorySource(new Uint8Array(1));
  const source = { name, byteLength, readInto: () => Promise.resolve() };
  await assert.rejects(
    drive(walk(), source, { signal: controller.signal }),
    /^Error: stopped$/,
  );
});
