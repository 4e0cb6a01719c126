import assert from "node:assert/strict";
import { test } from "node:test";
import { FormatError, RuleError, UnsupportedError } from "./errors.ts";

const VIOLATION = {
  rule: "page-size-valid",
  offset: 0x69,
  found: "page_size is 0x0",
  expected: "a power of two from 0x100 to 0x100000",
} as const;

test("FormatError has its fields in a message of one line", () => {
  const error = new FormatError("a.mr", { ...VIOLATION, idstr: "pc.ram" });
  assert.equal(
    error.message,
    'Cannot read "a.mr": RAMBlock "pc.ram", byte 0x69: page_size is 0x0, ' +
      "expected a power of two from 0x100 to 0x100000 (page-size-valid)",
  );
  const { file, rule, offset, found, expected, idstr } = error;
  assert.deepEqual({ rule, offset, found, expected }, VIOLATION);
  assert.equal(file, "a.mr");
  assert.equal(idstr, "pc.ram");
});

test("FormatError leaves out the block when there is none", () => {
  const error = new FormatError("a.mr", VIOLATION);
  assert.match(error.message, /^Cannot read "a\.mr": byte 0x69: page_size/);
  assert.equal(error.idstr, undefined);
});

test("UnsupportedError and FormatError differ in class and name", () => {
  const cause = new Error("beneath");
  const unsupported = new UnsupportedError("f", {
    ...VIOLATION,
    feature: "a feature",
  }, { cause });
  const format = new FormatError("f", VIOLATION);
  assert.equal(unsupported.name, "UnsupportedError");
  assert.equal(format.name, "FormatError");
  assert(unsupported instanceof RuleError && format instanceof RuleError);
  assert(!(unsupported instanceof FormatError));
  assert.equal(unsupported.feature, "a feature");
  assert.equal(unsupported.cause, cause);
});
