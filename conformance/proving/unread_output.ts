import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(
  new URL("../../reference/cli/testing/unread_output.py", import.meta.url),
);

/** Whether there is what {@linkcode unread} needs. */
export const CAN_LEAVE_UNREAD: boolean =
  spawnSync("python3", ["-c", "import fcntl, pty"]).status === 0;

/**
 * The start of a command line that gives a program standard output (1), standard
 * error (2), or both (12) of which nobody reads anything: see the program.
 */
export function unread(how: string, descriptors: 1 | 2 | 12): string[] {
  return ["python3", PROGRAM, how, String(descriptors)];
}
