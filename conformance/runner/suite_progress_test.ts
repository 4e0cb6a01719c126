import assert from "node:assert/strict";
import { test } from "node:test";
import { SuiteProgress } from "./suite_progress.ts";

/** Returns what is printed while a case ends every `milliseconds`. */
function printed(isTTY: boolean, milliseconds: number): string {
  const { now } = performance;
  let time = 0;
  performance.now = () => time;
  let text = "";
  try {
    const output = { isTTY, write: (part: string) => text += part };
    using progress = new SuiteProgress(3, output);
    for (const state of ["pass", "fail", "pass"] as const) {
      time += milliseconds;
      progress.onResult({ state });
    }
  } finally {
    performance.now = now;
  }
  return text;
}

test("SuiteProgress overwrites a line on a terminal", () => {
  assert.equal(
    printed(true, 60),
    "\r2 of 3 cases, 1 fail\x1b[K\r\x1b[K",
  );
  assert.equal(printed(true, 1), "");
});

test("SuiteProgress prints a line now and then elsewhere", () => {
  assert.equal(printed(false, 6000), "2 of 3 cases, 1 fail\n");
  assert.equal(printed(false, 60), "");
});
