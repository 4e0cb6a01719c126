import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO } from "./errno.ts";
import { SystemCallError } from "./system_call_error.ts";

// The soak test recognizes a VM that has ended by this message.
test("SystemCallError states the code at the end of its message", () => {
  const { ESRCH: errno } = ERRNO;
  const error = new SystemCallError("kill a VM", { errno });
  assert.equal(error.message, "Cannot kill a VM: ESRCH");
  assert.ok(error.is("ESRCH") && !error.is("EEXIST"));
  const hint = "is it a VM?";
  assert.equal(
    new SystemCallError("kill a VM", { errno, hint }).message,
    "Cannot kill a VM: ESRCH, is it a VM?",
  );
});
