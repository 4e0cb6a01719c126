import { env } from "node:process";
import { test } from "node:test";
import { type Linux, prepareLinux, REQUIRE_LINUX } from "./find_linux.ts";
import { findQemu } from "./find_qemu.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

const TIMEOUT_MS = 600_000;
const linux = await prepareLinux().catch((error: Error) => error);

/**
 * A test that boots or resumes Linux, with its own empty directory.
 *
 * Without QEMU or Linux it is skipped, and its name gives the reason.
 */
export function linuxTest(
  name: string,
  body: (linux: Linux, scratch: ScratchDirectory) => void | Promise<void>,
): void {
  const options = { timeout: TIMEOUT_MS };
  const reason = findQemu("x86_64") === undefined
    ? "qemu-system-x86_64 is not in PATH"
    : linux instanceof Error
    ? linux.message
    : undefined;
  if (!(linux instanceof Error) && reason === undefined) {
    test(name, options, async () => {
      using scratch = new ScratchDirectory();
      await body(linux, scratch);
    });
  } else if (env[REQUIRE_LINUX] === "1") {
    test(name, options, () => {
      throw new Error(
        `Cannot run the test: ${reason}, and ${REQUIRE_LINUX} is 1`,
      );
    });
  } else test(`${name} (skipped: ${reason})`, { skip: reason }, () => {});
}
