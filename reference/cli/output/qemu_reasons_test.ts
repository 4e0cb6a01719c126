import assert from "node:assert/strict";
import { test } from "node:test";
import { startIncoming } from "../../qemu/mod.ts";
import { type FakeCommand, FakeQemu } from "../../qemu/testing/fake_qemu.ts";
import { qemuReasons } from "./qemu_reasons.ts";

/** Loads a guest in a QEMU that answers in this way; returns the errors. */
async function errorsOf(
  answer: (command: FakeCommand) => readonly unknown[],
  onLoading: (qemu: FakeQemu) => void = () => {},
): Promise<string[]> {
  const { qemu, qmp } = await FakeQemu.open(answer);
  using _qemu = qemu;
  const promises: Promise<unknown>[] = [];
  try {
    const { guest, completed } = await startIncoming(qmp, "file:x");
    onLoading(qemu);
    promises.push(guest, completed, qmp.execute("quit"));
  } catch (error) {
    promises.push(Promise.reject(error));
  }
  const ended = await Promise.allSettled(promises);
  return ended.flatMap((it) =>
    it.status === "rejected" ? [String(it.reason.message)] : []
  );
}

test("qemuReasons() drops our message that QEMU has gone if there is a reason", async () => {
  const errors = await errorsOf(
    ({ execute, id }) => execute === "quit" ? [] : [{ return: {}, id }],
    (qemu) => qemu.pair.other.end(),
  );
  assert.ok(errors.length >= 2, String(errors));
  assert.deepEqual(qemuReasons(["qemu-system-x86_64: bad\n", ...errors]), [
    "bad",
  ]);
  assert.deepEqual(qemuReasons(errors), [...new Set(errors)]);
});

test("qemuReasons() drops our words before those of the monitor", async () => {
  const failed = { event: "MIGRATION", data: { status: "failed" } };
  const desc = "load of migration failed: Invalid argument: no such device";
  const errors = await errorsOf(({ execute, id }) => [
    ...execute === "migrate-incoming" ? [failed] : [],
    { return: execute === "query-migrate" ? { "error-desc": desc } : {}, id },
  ]);
  assert.ok(errors.length >= 1);
  assert.deepEqual(qemuReasons(errors), ["no such device"]);
});
