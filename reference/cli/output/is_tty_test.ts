import assert from "node:assert/strict";
import { closeSync, constants, openSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { isTty } from "./is_tty.ts";

/** Opens a file, calls `body` with the descriptor and closes it. */
function withFile<T>(path: string, body: (fd: number) => T): T {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  try {
    return body(fd);
  } finally {
    closeSync(fd);
  }
}

test("isTty() distinguishes terminals from other devices", () => {
  if (process.platform !== "linux") return;
  assert.equal(withFile("/dev/null", isTty), false);
  assert.equal(withFile("/dev/zero", isTty), false);
  assert.equal(withFile("/dev/ptmx", isTty), true);
});

test("isTty() is false for a descriptor that is not open", () => {
  assert.equal(isTty(1_000_000), false);
});
