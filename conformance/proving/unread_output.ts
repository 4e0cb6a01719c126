import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(
  new URL("../../reference/cli/testing/unread_output.py", import.meta.url),
);

/** Whether the programs that {@linkcode unread} needs are installed. */
export const CAN_LEAVE_UNREAD: boolean =
  spawnSync("python3", ["-c", "import fcntl, pty"]).status === 0;

/**
 * Returns the start of a command line that runs a program with its standard
 * output (1), standard error (2), or both (12) left unread.
 */
export function unread(how: string, descriptors: 1 | 2 | 12): string[] {
  return ["python3", PROGRAM, how, String(descriptors)];
}
