import { env } from "node:process";
import { test } from "node:test";
import { REQUIRE_LINUX } from "../qemu/find_linux.ts";
import { findPrograms } from "../qemu/find_program.ts";
import { ScratchDirectory } from "../qemu/scratch_directory.ts";
import { type MachineParts, prepareMachine } from "./emulated_machine.ts";

const TIMEOUT_MS = 600_000;
const NEEDED = ["qemu-system-x86_64", "mke2fs", "debugfs"];
const parts = await prepareMachine().catch((error: Error) => error);

/**
 * A test in an emulated machine, with its own empty directory on this one.
 *
 * Without the parts of the machine or one of `programs` it is skipped, and its
 * name gives the reason.
 */
export function machineTest(
  name: string,
  programs: readonly string[],
  body: (parts: MachineParts, scratch: ScratchDirectory) => Promise<void>,
): void {
  const options = { timeout: TIMEOUT_MS };
  const missing = [...NEEDED, ...programs]
    .filter((it) => findPrograms(it).length === 0);
  const reason = missing.length > 0
    ? `${missing.join(", ")} not in PATH`
    : parts instanceof Error
    ? parts.message
    : undefined;
  if (!(parts instanceof Error) && reason === undefined) {
    test(name, options, async () => {
      using scratch = new ScratchDirectory();
      await body(parts, scratch);
    });
  } else if (env[REQUIRE_LINUX] === "1") {
    test(name, options, () => {
      throw new Error(
        `Cannot run the test: ${reason}, and ${REQUIRE_LINUX} is 1`,
      );
    });
  } else test(`${name} (skipped: ${reason})`, { skip: reason }, () => {});
}
