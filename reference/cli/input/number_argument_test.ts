import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../program/usage_error.ts";
import { parseNumber } from "./number_argument.ts";

test("parseNumber() takes decimal, hexadecimal and suffixes", () => {
  const cases: Record<string, number> = {
    "0": 0,
    "4096": 4096,
    "0x1000": 4096,
    "0XaB": 171,
    "4K": 4096,
    "4k": 4096,
    "4KiB": 4096,
    "0x10M": 2 ** 24,
    "2G": 2 ** 31,
    "1T": 2 ** 40,
    "9007199254740991": 2 ** 53 - 1,
  };
  for (const [text, value] of Object.entries(cases)) {
    assert.equal(parseNumber("N", text), value, text);
  }
});

test("parseNumber() refuses everything else", () => {
  const texts = ["", "-1", "+1", "1.5", "1e3", "K", "1KB", "1P", "0x", " 1"];
  for (const text of [...texts, "9007199254740992", "8192T", "1_000"]) {
    assert.throws(() => parseNumber("N", text), UsageError, text);
  }
});
