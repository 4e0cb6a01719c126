import assert from "node:assert/strict";
import { test } from "node:test";
import { PendingOutput } from "./pending_output.ts";

const encoder = new TextEncoder();

function pendingOutput(): PendingOutput {
  return new PendingOutput((count) => `${count} dropped\n`);
}

/** Takes all pending output, as lines. */
function linesOf(pending: PendingOutput): string[] {
  let text = "";
  for (let batch = pending.take(); batch; batch = pending.take()) {
    text += new TextDecoder().decode(batch);
  }
  return text === "" ? [] : text.trimEnd().split("\n");
}

test("PendingOutput keeps the latest line of each topic, and all lines without one", () => {
  const pending = pendingOutput();
  for (let vm = 0; vm < 20; vm++) pending.push(encoder.encode(`vm ${vm}\n`));
  for (let second = 1; second <= 50_000; second++) {
    pending.push(encoder.encode(`a ${second}\n`), { topic: "a" });
    pending.push(encoder.encode(`b ${second}\n`), { topic: "b" });
  }
  assert.equal(pending.lostLines, 100_020);
  assert.deepEqual(linesOf(pending), [
    "99998 dropped",
    ...Array.from({ length: 20 }, (_, vm) => `vm ${vm}`),
    "a 50000",
    "b 50000",
  ]);
  assert.equal(pending.lostLines, 0);
});

test("PendingOutput limits the number of lines by dropping the oldest", () => {
  const pending = pendingOutput();
  for (let line = 1; line <= 5000; line++) {
    pending.push(encoder.encode(`${line}\n`));
  }
  const lines = linesOf(pending);
  assert.deepEqual(lines.slice(0, 2), ["3976 dropped", "3977"]);
  assert.equal(lines.at(-1), "5000");
  assert.equal(lines.length, 1025);
});

test("PendingOutput limits the length of lines, but accepts one of any length", () => {
  const pending = pendingOutput();
  const line = `${"x".repeat(0x80000)}\n`;
  for (let count = 0; count < 100; count++) pending.push(encoder.encode(line));
  assert(pending.byteLength <= 0x100000);
  const long = `${"y".repeat(0x200000)}\n`;
  pending.push(encoder.encode(long));
  assert.deepEqual(linesOf(pending), ["100 dropped", long.trimEnd()]);
});

test("PendingOutput drops nothing of the product", () => {
  const pending = pendingOutput();
  for (let line = 0; line < 5000; line++) {
    pending.push(encoder.encode(`${line}\n`), { product: true });
    pending.push(encoder.encode("state\n"), { topic: "state" });
  }
  assert(pending.hasProduct);
  const lines = linesOf(pending);
  assert.equal(lines.filter((it) => /^\d+$/.test(it)).length, 5000);
  assert.deepEqual(lines.slice(-2), ["4999", "state"]);
  assert.equal(pending.hasProduct, false);
});

test("PendingOutput reports lines that could not be written", () => {
  const pending = pendingOutput();
  pending.push(encoder.encode("one\n"));
  pending.push(encoder.encode("two\n"));
  const batch = pending.take();
  assert(batch !== undefined);
  pending.lose(batch);
  pending.push(encoder.encode("three\n"));
  assert.deepEqual(linesOf(pending), ["2 dropped", "three"]);
});

test("PendingOutput replaces drawings, but not lines", () => {
  const pending = pendingOutput();
  for (const text of ["bar 1", "bar 2", ""]) {
    pending.push(encoder.encode(`\r${text}`), { draws: true });
  }
  pending.push(encoder.encode("message\n"));
  pending.push(encoder.encode("\rbar 3"), { draws: true });
  assert.equal(pending.lostLines, 1);
  assert.deepEqual(linesOf(pending), ["\rmessage", "\rbar 3"]);
});
