import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { reasonOf } from "./reason_of.ts";

test("reasonOf() leaves out the call, the path and the number of an error", () => {
  assert.throws(
    () => readFileSync("/no/such/file"),
    (error) => reasonOf(error) === "no such file or directory",
  );
  const full = new Error("No space left on device (os error 28)");
  assert.equal(reasonOf(full), "No space left on device");
  assert.equal(reasonOf("anything, else"), "anything, else");
});
