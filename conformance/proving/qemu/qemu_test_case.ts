import { env } from "node:process";
import { test } from "node:test";
import { findQemu, type QemuTarget } from "./find_qemu.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

/** Set to 1 if QEMU is required: its absence then fails the tests. */
const REQUIRE = "MAPPED_RAM_REQUIRE_QEMU";
const TIMEOUT_MS = 300_000;

/**
 * A test that needs QEMU, with its own empty directory.
 *
 * Without QEMU it is skipped, and its name gives the reason.
 */
export function qemuTest(
  name: string,
  target: QemuTarget,
  body: (scratch: ScratchDirectory) => Promise<void>,
): void {
  async function run(): Promise<void> {
    using scratch = new ScratchDirectory();
    await body(scratch);
  }
  const options = { timeout: TIMEOUT_MS };
  if (findQemu(target) !== undefined) {
    test(name, options, run);
    return;
  }
  const reason = `qemu-system-${target} is not in PATH`;
  if (env[REQUIRE] === "1") {
    test(name, options, () => {
      throw new Error(`Cannot run the test: ${reason}, and ${REQUIRE} is 1`);
    });
  } else test(`${name} (skipped: ${reason})`, { skip: reason }, run);
}
