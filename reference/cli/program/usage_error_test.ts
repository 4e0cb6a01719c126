import assert from "node:assert/strict";
import { test } from "node:test";
import { readOption, UsageError } from "./usage_error.ts";

test("readOption() names the option in the message", () => {
  const messages: [string, string][] = [
    ['Cannot use "x": expected y', 'Cannot use "x" (--o): expected y'],
    [
      'Cannot use "a: \\"b": expected y',
      'Cannot use "a: \\"b" (--o): expected y',
    ],
    [
      "Cannot use unix:a: expected y: z",
      "Cannot use unix:a (--o): expected y: z",
    ],
    ["Cannot be", "Cannot be (--o)"],
  ];
  for (const [message, expected] of messages) {
    const read = () => {
      throw new RangeError(message);
    };
    assert.throws(() => readOption("--o", read), new UsageError(expected));
  }
});
